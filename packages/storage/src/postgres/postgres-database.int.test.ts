import { describeDatabase } from '../contract/database.contract.ts';
import { createPgliteDatabase } from '../contract/pglite-database.ts';
import { createMigratedDatabase } from '../contract/test-database.ts';

describeDatabase('Postgres', createMigratedDatabase);
describeDatabase('[QLT-6] PGlite', createPgliteDatabase);
