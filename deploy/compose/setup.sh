#!/bin/sh
# Makes the secrets and certificates of docker-compose.yml, once, each in the volume of the service that it is for. For development:
# `docker compose down --volumes` throws them away with all data.
set -eu
umask 077
cd /keys

if [ -e demo/complete ]; then
  echo 'Secrets and certificates are there.'
  exit 0
fi

secret() {
  openssl rand -hex 32
}

# Beginning with a letter: NATS takes what looks like a number for one.
password() {
  echo "p$(secret)"
}

# An authority whose key is gone when this container is.
curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $curve -days 3650 -subj '/CN=ArqonBus development' -keyout /tmp/ca.key -out /tmp/ca.crt
for service in nats valkey postgres; do
  openssl req -new $curve -subj "/CN=$service" -addext "subjectAltName=DNS:$service" \
    -keyout "$service/tls.key" -out "/tmp/$service.csr"
  openssl x509 -req -in "/tmp/$service.csr" -CA /tmp/ca.crt -CAkey /tmp/ca.key -CAcreateserial -days 3650 \
    -copy_extensions copy -out "$service/tls.crt"
done
for service in nats valkey postgres migrate brain shield bridge; do
  cp /tmp/ca.crt "$service/ca.crt"
done

# NATS: one user for each service.
for user in shield brain bridge authenticator shadow; do
  password=$(password)
  echo "NATS_$(echo "$user" | tr '[:lower:]' '[:upper:]')_PASSWORD=$password" >> nats/passwords.env
  if [ -d "$user" ]; then printf %s "$password" > "$user/nats-password"; fi
done

# Valkey: one user, of Brains.
valkey_password=$(password)
printf %s "$valkey_password" > brain/valkey-password
printf %s "$valkey_password" > valkey/brain-password
sed "s/\$VALKEY_BRAIN_PASSWORD/$valkey_password/" /users.acl > valkey/users.acl

# Postgres: who owns the tables, and who works with them.
password > postgres/postgres-password
owner_password=$(password)
brain_password=$(password)
printf %s "$owner_password" > postgres/owner-password
printf %s "$brain_password" > postgres/brain-password
database='@postgres:5432/arqonbus?sslmode=verify-full&sslrootcert=/keys/ca.crt'
printf %s "postgres://arqon_owner:$owner_password$database" > migrate/postgres-url
printf %s "postgres://arqon_brain:$brain_password$database" > brain/postgres-url

# The bus: the secret that tokens are signed with, the key of the log, that of webhooks.
jwt_secret=$(secret)
for service in brain shield bridge demo; do printf %s "$jwt_secret" > "$service/jwt-secret"; done
secret > shield/log-id-key
secret > brain/webhooks-secret

touch demo/complete
chown -R 10001:10001 nats valkey migrate brain shield bridge demo /data/nats /data/valkey
chown -R postgres:postgres postgres /data/postgres
echo 'Secrets and certificates were made.'
