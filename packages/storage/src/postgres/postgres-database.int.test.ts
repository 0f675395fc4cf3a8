import { describeDatabase } from '../contract/database.contract.ts';
import { createMigratedDatabase } from '../contract/test-database.ts';

describeDatabase('Postgres', createMigratedDatabase);
