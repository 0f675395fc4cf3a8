-- Nothing ever took one: claims carry tokens of arqon.fencing_tokens themselves, and the ring's leases lie in NATS (decision 0034).
DROP TABLE arqon.leases;
