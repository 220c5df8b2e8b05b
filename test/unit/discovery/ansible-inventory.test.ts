import { describe, expect, it } from 'vitest'
import { nodesInInventory } from '../../../src/discovery/ansible-inventory.ts'

/** As `ansible-inventory --list` prints it. */
const inventory = {
  _meta: {
    hostvars: {
      web1: { ansible_host: '10.0.0.1', ansible_port: 2222, ansible_user: 'app', port: 8001, zone: 'a', list: [1] },
      web2: { ansible_port: '22', zone: 'b' },
      db1: {},
    },
  },
  all: { children: ['ungrouped', 'app', 'db'], vars: { zone: 'none', tier: 'all' } },
  app: { children: ['web', 'web_canary'], vars: { tier: 'app', color: 'red' } },
  web: { hosts: ['web1', 'web2'], vars: { tier: 'web' } },
  web_canary: { hosts: ['web2'] },
  db: ['db1'],
}
const nodesIn = (value: unknown, group = 'app') => nodesInInventory(JSON.stringify(value), group)
const withHost = (name: string, vars: object = {}) => ({ _meta: { hostvars: { [name]: vars } }, app: [name] })

describe("Ansible's inventory", () => {
  it('gives the hosts of a group and its children, each once, with how to reach them and what fills placeholders', () => {
    expect(nodesIn(inventory)).toEqual([
      {
        name: 'web1',
        address: '10.0.0.1',
        port: 2222,
        user: 'app',
        vars: { port: '8001', zone: 'a', tier: 'web', color: 'red' },
      },
      { name: 'web2', port: 22, vars: { zone: 'b', tier: 'web', color: 'red' } },
    ])
  })

  it('gives every host as the group all, also of inventories that do not name it', () => {
    const names = (value: unknown) => nodesIn(value, 'all').map(({ name }) => name)
    expect(names(inventory).sort()).toEqual(['db1', 'web1', 'web2'])
    expect(names({ app: ['a'], other: { hosts: ['b'] }, _meta: { hostvars: { c: {} } } })).toEqual(['a', 'b', 'c'])
    expect(names({})).toEqual([])
  })

  it.each<[string, unknown, string]>([
    ['what is no JSON', undefined, 'The inventory is no JSON object'],
    ['a list', [], 'The inventory is no JSON object'],
    ['another group', { web: ['a'], db: [] }, 'The inventory has no group "app". Its groups: web, db.'],
    ['a group that contains itself', { app: { children: ['b'] }, b: { children: ['app'] } }, 'contains itself'],
    [
      'hosts of another shape',
      { app: { hosts: { a: {} } } },
      'The group "app" of the inventory is not as Ansible has it: hosts: expected array, received object.',
    ],
    ['a name that is no path', withHost('../x'), 'The inventory has a host "../x": names may have letters'],
    [
      'a template that nobody filled in',
      withHost('a', { ansible_host: '{{ ip }}' }),
      'ansible_host of a in the inventory is "{{ ip }}", which is not usable as it is.',
    ],
    [
      'an odd port',
      withHost('a', { ansible_port: 'ssh' }),
      'ansible_port of a in the inventory is "ssh", which is no port.',
    ],
  ])('is refused with a sentence where it has %s', (_what, value, sentence) => {
    expect(() => nodesIn(value)).toThrow(sentence)
  })
})
