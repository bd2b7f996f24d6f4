// Lists devices, with the types that openapi-typescript makes of the document.
import type { paths, webhooks } from './gatehouse'

type Devices = paths['/v1/devices']['get']['responses'][200]['content']['application/json']
type Posted = webhooks['alert']['post']['requestBody']['content']['application/cloudevents+json']

declare const process: { env: Record<string, string | undefined> }

export async function devices(): Promise<Devices> {
  const { GATEHOUSE_URL: url, GATEHOUSE_KEY: key } = process.env
  const answer = await fetch(`${url}/v1/devices`, { headers: { Authorization: `Bearer ${key}` } })
  if (!answer.ok) throw new Error(`got ${answer.status}`)
  return (await answer.json()) as Devices
}

// What a server of one's own does with the alert that was posted to it.
export function title(e: Posted): string {
  return e.data?.alert?.title ?? e.id
}

for (const d of (await devices()).items) console.log(d.id, d.name)
