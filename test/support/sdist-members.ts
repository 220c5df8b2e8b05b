/** The members of the sound source archive `app` 1.0, for tar and ZIP alike. */
export function sdistMembers(root = 'app-1.0'): readonly { readonly name: string; readonly content: string }[] {
  return [
    { name: `${root}/PKG-INFO`, content: 'Metadata-Version: 2.1\nName: app\nVersion: 1.0\n\nAn app.\n' },
    { name: `${root}/setup.py`, content: 'from setuptools import setup\nsetup()\n' },
    { name: `${root}/app/__init__.py`, content: '"""An app."""\n' },
  ]
}
