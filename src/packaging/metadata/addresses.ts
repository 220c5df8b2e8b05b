/**
 * Of "Name <a@b.example>, c@d.example" the addresses (RFC 5322 3.4). Commas in quotes and brackets separate nothing. One pass:
 * the text may be long.
 */
export function addressesIn(list: string): string[] {
  const addresses: string[] = []
  let bare = ''
  let angled: string | undefined
  let closing = ''
  const finish = () => {
    const address = (angled ?? bare).trim()
    if (address !== '') addresses.push(address)
    bare = ''
    angled = undefined
  }
  for (let at = 0; at < list.length; at++) {
    const character = list.charAt(at)
    if (closing !== '') {
      if (character === '\\' && closing === '"') at++
      else if (character === closing) closing = ''
      else if (closing === '>') angled += character
    } else if (character === ',') finish()
    else {
      closing = { '"': '"', '(': ')', '<': '>' }[character] ?? ''
      if (closing === '>') angled = ''
      if (closing === '') bare += character
    }
  }
  finish()
  return addresses
}
