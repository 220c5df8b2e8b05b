import { type MalformedCase, wheelOf } from './malformed-case.ts'

function entryPoints(content: string | Buffer, code: string): MalformedCase {
  return wheelOf(`the entry points ${JSON.stringify(content.toString('latin1'))}`, code, {
    info: { 'entry_points.txt': content },
  })
}

const scriptNames = [
  '../evil',
  '/bin/sh',
  'a/b',
  'a\\b',
  'a b',
  'a;b',
  '..',
  '.',
  'a$b',
  'a\u0000b',
  "a'b",
  'a(b)',
  'a@b',
  'a%b',
]
const targets = [
  '',
  'app',
  'app.main',
  'app:',
  ':main',
  'app:main()',
  'app:main; evil',
  'app main',
  'app:main [x',
  'app-cli:main',
  'os:system("x")',
  'app:a:b',
]

export const entryPointCases: readonly MalformedCase[] = [
  ...scriptNames.map((name) => entryPoints(`[console_scripts]\n${name} = app:main\n`, 'entry-points-script-name')),
  ...['../evil', 'a b'].map((name) => entryPoints(`[gui_scripts]\n${name} = app:main\n`, 'entry-points-script-name')),
  ...targets.map((target) => entryPoints(`[console_scripts]\napp = ${target}\n`, 'entry-points-script-target')),
  entryPoints('[gui_scripts]\napp = app\n', 'entry-points-script-target'),
  entryPoints('[console_scripts]\napp = app:main\n  evil\n', 'entry-points-malformed'),
  entryPoints('[console_scripts]\napp = app:main\n  evil = app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts]\n  app = app:main\n    evil = app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts]\n; a comment\napp = app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts]\n; evil = app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts] # scripts\napp = app:main\n', 'entry-points-malformed'),
  entryPoints('app = app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts]\napp app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts]\napp: app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts]\n= app:main\n', 'entry-points-malformed'),
  entryPoints('[console_scripts\napp = app:main\n', 'entry-points-malformed'),
  entryPoints('[]\napp = app:main\n', 'entry-points-malformed'),
  entryPoints('{"console_scripts": {}}', 'entry-points-malformed'),
  entryPoints(Buffer.from([0x5b, 0xff, 0x5d]), 'entry-points-malformed'),
  entryPoints('[console_scripts]\napp = app:main\napp = app:other\n', 'entry-points-duplicate'),
  entryPoints('[console_scripts]\napp = app:main\n[console_scripts]\nb = app:main\n', 'entry-points-duplicate'),
  entryPoints('[other]\na = b\na = c\n', 'entry-points-duplicate'),
].map((one, index) => ({ ...one, fault: `${one.fault} (${index})` }))
