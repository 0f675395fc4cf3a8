/** The version of this build; the same as in the workspace's `package.json` (tested). */
export const VERSION = '0.1.0';
