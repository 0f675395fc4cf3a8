import { secretShape } from './detector.ts';
import type { Detector } from './detector.ts';

/** Keys of clouds and hosting platforms. */
export const cloudKeys: readonly Detector[] = [
  secretShape({
    id: 'aws_access_key_id',
    title: 'AWS access key id',
    literals: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    shape: /(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])/y,
    check: ([key]) => !key.endsWith('EXAMPLE'),
  }),
  secretShape({
    id: 'aws_secret_access_key',
    title: 'AWS secret access key beside its name',
    literals: ['aws_secret', 'secret_access_key', 'secretaccesskey'],
    placement: 'anywhere',
    shape:
      /(?:aws_secret(?:_access)?_key|secret_?access_?key)["']?\s{0,4}[=:]{1,2}>?\s{0,4}["']?(?<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/iy,
    check: (match) => !(match.groups?.['value'] ?? '').endsWith('EXAMPLEKEY'),
  }),
  secretShape({
    id: 'gcp_api_key',
    title: 'Google API key',
    literals: ['AIza'],
    placement: 'anywhere',
    shape: /AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/y,
  }),
  secretShape({
    id: 'gcp_oauth_token',
    title: 'Google OAuth access token',
    literals: ['ya29.'],
    shape: /ya29\.[0-9A-Za-z_-]{20,400}/y,
  }),
  secretShape({
    id: 'gcp_client_secret',
    title: 'Google OAuth client secret',
    literals: ['GOCSPX-'],
    shape: /GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'azure_storage_key',
    title: 'Azure storage account key',
    literals: ['AccountKey=', 'SharedAccessKey='],
    placement: 'anywhere',
    shape: /(?:AccountKey|SharedAccessKey)=(?<value>[A-Za-z0-9+/]{43}(?:[A-Za-z0-9+/]{43})?={1,2})/y,
  }),
  secretShape({
    id: 'azure_sas',
    title: 'Azure shared access signature',
    literals: ['&sig=', '?sig='],
    placement: 'anywhere',
    shape: /[&?]sig=(?<value>(?:[A-Za-z0-9]|%2[BbFf]|[+/]){40,64}(?:%3[Dd]|=))/y,
  }),
  secretShape({
    id: 'azure_client_secret',
    title: 'Azure client secret',
    literals: ['7Q~', '8Q~'],
    placement: 'anywhere',
    shape: /[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/y,
  }),
  secretShape({
    id: 'digitalocean_token',
    title: 'DigitalOcean token',
    literals: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    shape: /do[opr]_v1_[a-f0-9]{64}(?![a-f0-9])/y,
  }),
  secretShape({
    id: 'heroku_key',
    title: 'Heroku API key',
    literals: ['HRKU-'],
    shape: /HRKU-[A-Za-z0-9_-]{36,60}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'vault_token',
    title: 'HashiCorp Vault token',
    literals: ['hvs.', 'hvb.', 'hvr.'],
    shape: /hv[bsr]\.[A-Za-z0-9_-]{24,300}/y,
  }),
  secretShape({
    id: 'terraform_token',
    title: 'Terraform Cloud token',
    literals: ['.atlasv1.'],
    placement: 'anywhere',
    shape: /\.atlasv1\.[A-Za-z0-9_-]{60,70}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'databricks_token',
    title: 'Databricks token',
    literals: ['dapi'],
    shape: /dapi[a-f0-9]{32}(?:-\d)?(?![a-zA-Z0-9])/y,
  }),
  secretShape({
    id: 'alibaba_key',
    title: 'Alibaba Cloud access key id',
    literals: ['LTAI'],
    shape: /LTAI[A-Za-z0-9]{17,26}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'tencent_key',
    title: 'Tencent Cloud secret id',
    literals: ['AKID'],
    shape: /AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'fly_token',
    title: 'Fly.io token',
    literals: ['fm2_', 'fo1_'],
    shape: /(?:fm2_[A-Za-z0-9+/=_-]{40,400}|fo1_[A-Za-z0-9_-]{43})/y,
  }),
  secretShape({
    id: 'netlify_token',
    title: 'Netlify token',
    literals: ['nfp_'],
    shape: /nfp_[A-Za-z0-9]{36}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'supabase_token',
    title: 'Supabase token',
    literals: ['sbp_', 'sb_secret_'],
    shape: /(?:sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{31})(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'planetscale_token',
    title: 'PlanetScale password or token',
    literals: ['pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'],
    shape: /pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}/y,
  }),
  secretShape({
    id: 'pulumi_token',
    title: 'Pulumi token',
    literals: ['pul-'],
    shape: /pul-[a-f0-9]{40}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'doppler_token',
    title: 'Doppler token',
    literals: ['dp.pt.', 'dp.st.', 'dp.sa.', 'dp.ct.'],
    shape: /dp\.(?:pt|st|sa|ct)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}(?![A-Za-z0-9])/y,
  }),
];
