// Shows /openapi.json: operations by tag, their inputs, answers and errors. No library, no
// inline script, nothing from elsewhere; text is set as text, never as markup.
'use strict';

const methods = ['get', 'post', 'put', 'delete'];

function el(name, attrs, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attrs || {})) e.setAttribute(k, v);
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ''));
  return e;
}

// prose writes the little Markdown that descriptions use: paragraphs, `code` and ```sh blocks.
function prose(text) {
  const out = document.createDocumentFragment();
  (text || '').split(/```(?:sh)?\n?/).forEach((part, i) => {
    if (i % 2 === 1) {
      const copy = el('button', { type: 'button', class: 'copy' }, 'Copy');
      copy.addEventListener('click', () => navigator.clipboard.writeText(part.trim()).then(() => { copy.textContent = 'Copied'; }));
      out.append(el('div', { class: 'sample' }, el('pre', { tabindex: '0' }, part.trim()), copy));
      return;
    }
    for (const para of part.split(/\n\n+/)) {
      if (!para.trim()) continue;
      const p = el('p');
      para.trim().split('`').forEach((t, n) => p.append(n % 2 ? el('code', {}, t) : t));
      out.append(p);
    }
  });
  return out;
}

function nameOf(ref) { return ref.split('/').pop(); }

function typeOf(s) {
  if (!s) return '';
  if (s.$ref) return el('a', { href: '#schema-' + nameOf(s.$ref) }, nameOf(s.$ref));
  const span = el('span');
  const many = s.oneOf || s.anyOf;
  if (many) many.forEach((m, i) => span.append(i ? ' or ' : '', typeOf(m)));
  else if (s.items) span.append('list of ', typeOf(s.items));
  else if (s.additionalProperties && typeof s.additionalProperties === 'object') span.append('map of ', typeOf(s.additionalProperties));
  else span.append(s.enum ? s.enum.filter(Boolean).join(' | ') : [].concat(s.type || 'anything').filter((t) => t !== 'null').join(' or ') + (s.format ? ' (' + s.format + ')' : ''));
  return span;
}

function bounds(s) {
  const out = [];
  if (s.default !== undefined) out.push('default ' + s.default);
  if (s.minimum !== undefined) out.push('at least ' + s.minimum);
  if (s.maximum !== undefined) out.push('at most ' + s.maximum);
  if (s.maxLength !== undefined) out.push('at most ' + s.maxLength + ' characters');
  if (s.examples && s.examples.length) out.push('e.g. ' + JSON.stringify(s.examples[0]));
  return out.length ? ' (' + out.join(', ') + ')' : '';
}

function fields(rows) {
  const body = el('tbody');
  for (const [name, schema, required, words] of rows) {
    body.append(el('tr', {}, el('td', {}, el('code', {}, name), required ? el('span', { class: 'needed' }, ' needed') : ''), el('td', {}, typeOf(schema)), el('td', {}, (words || schema.description || '') + bounds(schema))));
  }
  return el('div', { class: 'wide', tabindex: '0' }, el('table', {}, body));
}

function schemaFields(s) {
  const need = new Set(s.required || []);
  return fields(Object.entries(s.properties || {}).map(([n, p]) => [n, p, need.has(n)]));
}

function content(doc, media) {
  const out = document.createDocumentFragment();
  for (const [kind, m] of Object.entries(media || {})) out.append(el('p', {}, el('code', {}, kind), ' ', typeOf(m.schema)));
  return out;
}

function operation(doc, path, method, op) {
  const box = el('section', { class: 'op', id: op.operationId });
  box.append(el('h3', {}, el('span', { class: 'method ' + method }, method.toUpperCase()), ' ', el('code', {}, path)), el('p', { class: 'summary' }, op.summary || ''), prose(op.description));
  const params = (op.parameters || []).map((p) => p.$ref ? doc.components.parameters[nameOf(p.$ref)] : p);
  if (params.length) box.append(el('h4', {}, 'Parameters'), fields(params.map((p) => [p.name, p.schema || {}, p.required, p.description])));
  if (op.requestBody) box.append(el('h4', {}, 'Body'), content(doc, op.requestBody.content));
  box.append(el('h4', {}, 'Answers'));
  const list = el('ul', { class: 'answers' });
  for (const [status, r] of Object.entries(op.responses || {})) {
    const full = r.$ref ? doc.components.responses[nameOf(r.$ref)] : r;
    list.append(el('li', {}, el('strong', {}, status), ' ', full.description || '', status < '300' ? content(doc, full.content) : ''));
  }
  box.append(list);
  return box;
}

async function show() {
  const main = document.getElementById('main');
  const nav = document.getElementById('nav');
  const answer = await fetch('/openapi.json');
  if (!answer.ok) throw new Error('the server answered ' + answer.status);
  const doc = await answer.json();
  main.replaceChildren(el('h1', {}, doc.info.title + ' API ', el('small', {}, doc.info.version)), prose(doc.info.description),
    el('p', {}, el('a', { href: '/openapi.json' }, 'openapi.json'), ' · ', el('a', { href: '/openapi.yaml' }, 'openapi.yaml')));
  for (const tag of doc.tags) {
    const part = el('div', {}, el('h2', { id: 'tag-' + tag.name }, tag.name), el('p', {}, tag.description || ''));
    const links = el('ul');
    for (const [path, item] of Object.entries(doc.paths)) {
      for (const method of methods) {
        const op = item[method];
        if (!op || !(op.tags || []).includes(tag.name)) continue;
        part.append(operation(doc, path, method, op));
        links.append(el('li', {}, el('a', { href: '#' + op.operationId }, el('span', { class: 'method ' + method }, method.toUpperCase()), ' ', op.summary || path)));
      }
    }
    main.append(part);
    nav.append(el('details', {}, el('summary', {}, tag.name), links));
  }
  main.append(el('h2', { id: 'errors' }, 'Errors'), el('p', {}, 'Every error is a problem document (RFC 9457). Its code is one of these and never changes its meaning.'));
  for (const [code, words] of [['invalid', 'The input is wrong; detail and errors name the place and the mend.'], ['unauthenticated', 'Nobody is signed in, or the credential is wrong.'],
    ['forbidden', 'Signed in, but without the right.'], ['not_found', 'Nothing by that name in the caller’s schools.'], ['conflict', 'It exists already, or has changed meanwhile.'],
    ['changed', 'What If-Match names is not what is there: somebody changed it meanwhile.'], ['gone', 'What was begun cannot go on: begin again without a cursor.'],
    ['unavailable', 'A part that is needed is down or full; try again.'], ['too_large', 'Over a stated bound.'], ['rate_limited', 'Too many; Retry-After says when.'], ['internal', 'The gateway’s own fault; its log has the cause under the request id.']]) {
    main.append(el('p', { id: code }, el('code', {}, code), ' ', words));
  }
  main.append(el('h2', { id: 'schemas' }, 'Schemas'));
  for (const [name, s] of Object.entries(doc.components.schemas)) main.append(el('section', { class: 'op', id: 'schema-' + name }, el('h3', {}, name), s.description ? el('p', {}, s.description) : '', schemaFields(s)));
  if (location.hash) {
    const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (at) at.scrollIntoView();
  }
}

show().catch((err) => document.getElementById('main').replaceChildren(el('p', {}, 'The document cannot be read: ' + err.message)));
