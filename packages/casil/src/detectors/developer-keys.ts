import { secretShape } from './detector.ts';
import type { Detector } from './detector.ts';

/** Keys of tools that developers work with, and of machine-learning services. */
export const developerKeys: readonly Detector[] = [
  secretShape({
    id: 'github_token',
    title: 'GitHub token',
    literals: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    shape: /gh[pousr]_[A-Za-z0-9]{36,76}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'github_fine_grained_token',
    title: 'GitHub fine-grained token',
    literals: ['github_pat_'],
    shape: /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'gitlab_token',
    title: 'GitLab token',
    literals: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glsoat-'],
    shape: /gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,50}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'npm_token',
    title: 'npm token',
    literals: ['npm_'],
    shape: /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'pypi_token',
    title: 'PyPI token',
    literals: ['pypi-AgE'],
    shape: /pypi-AgE[A-Za-z0-9_-]{50,250}/y,
  }),
  secretShape({
    id: 'rubygems_key',
    title: 'RubyGems key',
    literals: ['rubygems_'],
    shape: /rubygems_[a-f0-9]{48}(?![a-f0-9])/y,
  }),
  secretShape({
    id: 'docker_token',
    title: 'Docker Hub token',
    literals: ['dckr_pat_', 'dckr_oat_'],
    shape: /dckr_[op]at_[A-Za-z0-9_-]{27,32}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'postman_key',
    title: 'Postman API key',
    literals: ['PMAK-'],
    shape: /PMAK-[a-f0-9]{24}-[a-f0-9]{34}(?![a-f0-9])/y,
  }),
  secretShape({
    id: 'linear_key',
    title: 'Linear API key',
    literals: ['lin_api_'],
    shape: /lin_api_[A-Za-z0-9]{40}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'atlassian_token',
    title: 'Atlassian API token',
    literals: ['ATATT3xFfGF0', 'ATCTT3xFfGN0'],
    shape: /AT(?:ATT3xFfGF0|CTT3xFfGN0)[A-Za-z0-9_=-]{40,220}/y,
  }),
  secretShape({
    id: 'figma_token',
    title: 'Figma token',
    literals: ['figd_', 'figo_'],
    shape: /fig[do]_[A-Za-z0-9_-]{38,46}(?![A-Za-z0-9_-])/y,
  }),
  secretShape({
    id: 'notion_token',
    title: 'Notion token',
    literals: ['ntn_', 'secret_'],
    shape: /(?:ntn_\d{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43})(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'grafana_token',
    title: 'Grafana token',
    literals: ['glsa_', 'glc_eyJ'],
    shape: /(?:glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}(?![A-Za-z0-9])|glc_eyJ[A-Za-z0-9+/=]{40,300})/y,
  }),
  secretShape({
    id: 'newrelic_key',
    title: 'New Relic key',
    literals: ['NRAK-', 'NRII-'],
    shape: /(?:NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9_-]{32})(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'sentry_token',
    title: 'Sentry token',
    literals: ['sntrys_eyJ', 'sntryu_'],
    shape: /(?:sntrys_eyJ[A-Za-z0-9+/=_-]{60,400}|sntryu_[a-f0-9]{64}(?![a-f0-9]))/y,
  }),
  secretShape({
    id: 'dynatrace_token',
    title: 'Dynatrace token',
    literals: ['dt0c01.'],
    shape: /dt0c01\.[A-Z2-7]{24}\.[A-Z2-7]{64}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'openai_key',
    title: 'OpenAI key, or one of its form',
    literals: ['sk-'],
    shape:
      /sk-(?:(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{40,200}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{32,64})(?![A-Za-z0-9_-])/y,
    check: ([key]) => /\d/.test(key),
  }),
  secretShape({
    id: 'anthropic_key',
    title: 'Anthropic key',
    literals: ['sk-ant-'],
    shape: /sk-ant-(?:api|admin|oat)\d\d-[A-Za-z0-9_-]{80,110}/y,
  }),
  secretShape({
    id: 'huggingface_token',
    title: 'Hugging Face token',
    literals: ['hf_'],
    shape: /hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'groq_key',
    title: 'Groq key',
    literals: ['gsk_'],
    shape: /gsk_[A-Za-z0-9]{52}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'replicate_token',
    title: 'Replicate token',
    literals: ['r8_'],
    shape: /r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])/y,
  }),
  secretShape({
    id: 'perplexity_key',
    title: 'Perplexity key',
    literals: ['pplx-'],
    shape: /pplx-[A-Za-z0-9]{48,56}(?![A-Za-z0-9])/y,
  }),
];
