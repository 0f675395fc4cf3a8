import { createPgliteDatabase } from '../contract/pglite-database.ts';
import { createMigratedDatabase } from '../contract/test-database.ts';
import { describeAuditCopy } from './audit-copy.contract.ts';

describeAuditCopy('Postgres', createMigratedDatabase);
describeAuditCopy('[QLT-6] PGlite', createPgliteDatabase);
