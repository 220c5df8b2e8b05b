/**
 * The tools that the tests fetch themselves, pinned so that a run today and a run in a year speak to the same clients.
 * `pip-23.0.1` is what Debian 12 ships, and the oldest pip that has to work; the other pins are the newest of their day.
 */
export const toolVersions = {
  twine: '7.0.0',
  uv: '0.13.9',
  pipOld: '23.0.1',
  pipNew: '26.3',
  flit: '4.2.0',
  hatch: '1.18.2',
  pdm: '2.29.4',
  /** Beside pdm: its build back end, and the last hishel with which it runs. */
  pdmBackend: '2.5.0',
  pdmHishel: '1.4.0',
  poetry: '2.5.1',
  /** The reference for versions, specifiers, requirements, markers and licence expressions. */
  packaging: '26.4',
  build: '1.6.1',
  /** The back end that `build` drives: it needs nothing else, so that a build asks no index. */
  flitCore: '4.2.0',
  /** Restarted by HUP in an environment that is upgraded in place. */
  gunicorn: '27.0.1',
  /** The first that needs no setuptools, which newer Pythons do not bring; commands and exit statuses are those of 4.2, Debian 12's. */
  supervisor: '4.3.0',
  versitygw: '1.8.0',
  /** Only fetched where no Go of at least `goMinimum` is on the path. */
  goBin: '1.27.3',
  goMinimum: '1.24',
} as const

/** The newest of each build back end; Debian's setuptools of 2022, which knows no PEP 639, stands for the old ones. */
export const buildBackEnds = {
  setuptools: '84.2.1',
  'flit-core': '4.2.0',
  hatchling: '1.33.0',
  'poetry-core': '2.5.0',
  'pdm-backend': '2.5.0',
} as const

export type BuildBackEnd = keyof typeof buildBackEnds

/** What comes from the distribution, in whatever version it ships: that is the point of asking it. */
export type DebianPackage =
  | 'redis-server'
  | 'openssh-server'
  | 'openssh-client'
  | 'python3-venv'
  | 'python3-pip'
  | 'nginx-light'
  | 'twine'
  | 'pypy3'
  | 'pypy3-venv'
  | 'python3-setuptools'
  | 'python3-wheel'
  | 'python3-packaging'
  | 'curl'
  | 'openssl'
  | 'wrk'
