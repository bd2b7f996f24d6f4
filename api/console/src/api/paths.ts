// What each path of the API takes and answers, out of its document: a path that the gateway does not
// have, a parameter that it does not know and a field that it does not answer do not compile.

import type { paths } from './schema'

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

// A path of the document with * for what stands in braces.
type Said<P extends string> = P extends `${infer A}{${string}}${infer B}` ? `${A}*${Said<B>}` : P

// A path as it is asked, without its query, with * for what is put in: `/v1/devices/${id}`.
type Asked<P extends string> = P extends `${infer A}?${string}` ? Segments<A> : Segments<P>
type Segments<P extends string> = P extends `${infer A}/${infer B}` ? `${Wild<A>}/${Segments<B>}` : Wild<P>
type Wild<S extends string> = string extends S ? '*' : S

type Known = { [P in keyof paths as Said<P>]: paths[P] }

/** The operation of a path; never where the gateway has none. */
export type Operation<P extends string, M extends Verb> =
  Asked<P> extends keyof Known
    ? Lowercase<M> extends keyof Known[Asked<P>]
      ? Known[Asked<P>][Lowercase<M>]
      : never
    : never

type JSONOf<R> = R extends { content: { 'application/json': infer T } } ? T : undefined

type Success<R> = 200 extends keyof R
  ? JSONOf<R[200]>
  : 201 extends keyof R
    ? JSONOf<R[201]>
    : 202 extends keyof R
      ? JSONOf<R[202]>
      : undefined

/** What an operation answers. */
export type Answer<P extends string, M extends Verb = 'GET'> =
  Operation<P, M> extends { responses: infer R } ? Success<R> : never

/** What an operation takes in its query; what is empty is left out. */
export type Query<P extends string, M extends Verb = 'GET'> =
  Operation<P, M> extends { parameters: { query?: infer Q } }
    ? { [K in keyof Q]?: Loose<Q[K]> }
    : Record<string, never>

// A list is sent as its words with commas between them; a word comes from the page's address, and the
// gateway says whether it is one.
type Loose<V> =
  NonNullable<V> extends unknown[] ? string | null : NonNullable<V> extends string ? string | null : V | null

/** What an operation takes as its body: JSON, or a file. */
export type Body<P extends string, M extends Verb> =
  Operation<P, M> extends { requestBody?: { content: infer C } }
    ? C extends { 'application/json': infer J }
      ? J
      : Blob | string
    : undefined
