import { describe, expect, it } from 'vitest'
import { absoluteTarget, connectTarget, nameOf, reachable } from '../../../../src/deploy/tunnel/reachable.ts'

describe('what nodes may reach through the worker', () => {
  it('is the hosts and ports of the indexes, and the further hosts by their ports', () => {
    const indexes = ['http://index.example.com/channels/production/simple/', 'https://PyPI.org/simple/']
    const hosts = ['files.pythonhosted.org', 'mirror.example.com:8443', '[2001:db8::1]:444', '[2001:DB8::2]']
    expect([...reachable([...indexes, 'http://10.0.0.5:8080/simple/'], hosts)]).toEqual([
      ...['index.example.com:80', 'pypi.org:443', '10.0.0.5:8080'],
      ...['files.pythonhosted.org:443', 'mirror.example.com:8443', '[2001:db8::1]:444', '[2001:db8::2]:443'],
    ])
  })

  it.each([
    ['pypi.org:443', 'pypi.org:443'],
    ['PYPI.org.:443', 'pypi.org:443'],
    ['pypi.org:80', 'pypi.org:80'],
    ['[2001:DB8::0:1]:8443', '[2001:db8::1]:8443'],
    // One host, however it is spelled.
    ['0x7f.1:22', '127.0.0.1:22'],
    ['2130706433:22', '127.0.0.1:22'],
  ])('takes CONNECT %s for %s', (text, name) => {
    expect(nameOf(connectTarget(text))).toBe(name)
  })

  it.each([
    '',
    'pypi.org',
    'pypi.org:',
    'pypi.org:443/x',
    'me@pypi.org:443',
    'pypi.org:99999',
    'a b:1',
    'http://a:1',
    ':443',
  ])('takes CONNECT «%s» for a mistake', (text) => {
    expect(() => connectTarget(text)).toThrow('The proxy for installers cannot do that')
  })

  it('reads an absolute URL as it is sent on', () => {
    expect(absoluteTarget('http://Index.example.com:8080/simple/app/?x=1#y')).toEqual({
      ...{ host: 'index.example.com', port: 8080, path: '/simple/app/?x=1' },
    })
    expect(absoluteTarget('http://index.example.com')).toEqual({ host: 'index.example.com', port: 80, path: '/' })
  })

  it.each([
    '/simple/',
    '*',
    'https://pypi.org/',
    'ftp://pypi.org/',
    'http://me:secret@pypi.org/',
    'http://',
    'nonsense',
  ])('takes the URL «%s» for a mistake', (text) => {
    expect(() => absoluteTarget(text)).toThrow('The proxy for installers cannot do that')
  })
})
