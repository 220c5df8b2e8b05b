import { join } from 'node:path'

/**
 * The environment for a Python client under test: nothing of this machine's pip, uv, proxy or keyring configuration reaches it,
 * and its caches live in `home`. Wide columns, because twine's boxes otherwise break messages in the middle of a word.
 */
export function hermeticPythonEnv(home: string, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    COLUMNS: '400',
    NO_COLOR: '1',
    NO_PROXY: '*',
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    PYTHON_KEYRING_BACKEND: 'keyring.backends.null.Keyring',
    PYTHONDONTWRITEBYTECODE: '1',
    ...pipSettings(home),
    ...uvSettings(home),
    TWINE_NON_INTERACTIVE: '1',
    ...extra,
  }
}

function pipSettings(home: string): Record<string, string> {
  return {
    PIP_CONFIG_FILE: '/dev/null',
    PIP_CACHE_DIR: join(home, 'cache', 'pip'),
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
    PIP_RETRIES: '1',
  }
}

function uvSettings(home: string): Record<string, string> {
  return {
    UV_NO_CONFIG: '1',
    UV_CACHE_DIR: join(home, 'cache', 'uv'),
    UV_PYTHON_DOWNLOADS: 'never',
    UV_KEYRING_PROVIDER: 'disabled',
    // The cache and the venv may lie on different file systems, where hard links fail with a warning.
    UV_LINK_MODE: 'copy',
  }
}
