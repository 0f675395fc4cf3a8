import { secretShape } from './detector.ts';
import type { Detector } from './detector.ts';

/** Keys of messaging, payment, mail and shop services. */
export const businessKeys: readonly Detector[] = [
  secretShape({
    id: 'slack_token',
    title: 'Slack token',
    literals: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe.', 'xapp-'],
    shape:
      /(?:xox[abprs]-(?:\d{1,2}-)?\d{8,14}-[A-Za-z0-9-]{20,220}|xoxe\.xox[bp]-\d-[A-Za-z0-9]{120,200}|xapp-\d-[A-Z0-9]{8,13}-\d{10,14}-[a-f0-9]{40,70})/y,
  }),
  secretShape({
    id: 'slack_webhook',
    title: 'Slack webhook',
    literals: ['hooks.slack.com/'],
    placement: 'anywhere',
    shape: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Z0-9]{8,12}\/[A-Z0-9]{8,14}\/[A-Za-z0-9]{18,32}/y,
  }),
  secretShape({
    id: 'discord_webhook',
    title: 'Discord webhook',
    literals: ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    placement: 'anywhere',
    shape: /discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[A-Za-z0-9_-]{60,72}/y,
  }),
  secretShape({
    id: 'teams_webhook',
    title: 'Microsoft Teams webhook',
    literals: ['webhook.office.com/webhookb2/'],
    placement: 'anywhere',
    shape:
      /webhook\.office\.com\/webhookb2\/[a-f0-9-]{36}@[a-f0-9-]{36}\/IncomingWebhook\/[a-f0-9]{32}\/[a-f0-9-]{36}/y,
  }),
  secretShape({
    id: 'telegram_token',
    title: 'Telegram bot token',
    literals: [':AA'],
    placement: 'anywhere',
    shape: /:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'stripe_key',
    title: 'Stripe key',
    literals: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
    shape: /[rs]k_(?:live|test)_[A-Za-z0-9]{16,247}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'webhook_secret',
    title: 'Webhook signing secret',
    literals: ['whsec_'],
    shape: /whsec_[A-Za-z0-9+/=]{32,80}/y,
  }),
  secretShape({
    id: 'square_token',
    title: 'Square token',
    literals: ['sq0atp-', 'sq0csp-', 'EAAA'],
    shape: /(?:sq0(?:atp-[A-Za-z0-9_-]{22}|csp-[A-Za-z0-9_-]{43})|EAAA[A-Za-z0-9_-]{60})(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'shopify_token',
    title: 'Shopify token',
    literals: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    shape: /shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}(?![a-fA-F0-9])/y,
  }),
  secretShape({
    id: 'sendgrid_key',
    title: 'SendGrid key',
    literals: ['SG.'],
    shape: /SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'mailgun_key',
    title: 'Mailgun key',
    literals: ['key-'],
    shape: /key-[0-9a-f]{32}(?![0-9a-zA-Z])/y,
  }),
  secretShape({
    id: 'brevo_key',
    title: 'Brevo key',
    literals: ['xkeysib-', 'xsmtpsib-'],
    shape: /x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'airtable_token',
    title: 'Airtable token',
    literals: ['pat'],
    confirm: (bytes, from) => bytes[from + 17] === 0x2e,
    shape: /pat[A-Za-z0-9]{14}\.[a-f0-9]{64}(?![a-f0-9])/y,
  }),
  secretShape({
    id: 'hubspot_token',
    title: 'HubSpot private app token',
    literals: ['pat-na1-', 'pat-eu1-', 'pat-na2-', 'pat-ap1-'],
    shape: /pat-(?:na|eu|ap)\d-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}/y,
  }),
  secretShape({
    id: 'facebook_token',
    title: 'Facebook access token',
    literals: ['EAACEdEose0cBA', 'EAAG', 'EAAB'],
    shape: /EAA(?:CEdEose0cBA|[GB])[A-Za-z0-9]{80,250}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'mapbox_token',
    title: 'Mapbox secret token',
    literals: ['sk.eyJ'],
    shape: /sk\.eyJ[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{20,50}/y,
  }),
  secretShape({
    id: 'contentful_token',
    title: 'Contentful management token',
    literals: ['CFPAT-'],
    shape: /CFPAT-[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/y,
  }),
];
