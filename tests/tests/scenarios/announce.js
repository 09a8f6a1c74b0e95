// Rules of the announcement queue, checked in the page: gives what is wrong, an empty list if nothing is.
(async () => {
  const { LONGEST_QUEUE, called, cancelled, createAnnouncer, next, script, silence } = await import('/app/display/announce.js');
  const wrong = [];
  const equal = (what, is, should) => JSON.stringify(is) === JSON.stringify(should) || wrong.push({ what, is, should });
  const call = (number, counter = 1, calls = 1) => ({ id: number, number, counter, calls });
  const numbers = (queue) => queue.waiting.map((one) => one.number);
  const take = (...calls) => calls.reduce((queue, [one, again = false]) => called(queue, one, again), silence);

  equal('calls wait in their order', numbers(take([call('A1')], [call('A2')])), ['A1', 'A2']);
  equal('a recall goes next, after earlier recalls', numbers(take([call('A1')], [call('A2')], [call('A3'), true], [call('A4'), true])), ['A3', 'A4', 'A1', 'A2']);
  equal('a ticket waits once', numbers(take([call('A1')], [call('A2')], [call('A1', 2, 2)])), ['A2', 'A1']);
  equal('its newest call stands', take([call('A1')], [call('A1', 2, 2)]).waiting[0].counter, 2);
  equal('a cancelled call is dropped', numbers(cancelled(take([call('A1')], [call('A2')]), 'A1')), ['A2']);
  equal('even in the middle of its script', cancelled(next(take([call('A1')])), 'A1').speaking, null);
  const many = Array.from({ length: LONGEST_QUEUE + 3 }, (_, at) => [call(`A${at}`)]);
  equal('the queue is bounded, the oldest go', [take(...many).waiting.length, numbers(take(...many))[0]], [LONGEST_QUEUE, 'A3']);

  const voice = { on: true, volume: 1, rate: 1, repeats: 2, languages: ['zh-CN', 'en'], gapMs: 0 };
  const said = (steps) => steps.map((step) => (step.kind === 'say' ? step.language : step.kind));
  equal('chime, twice, then English', said(script(call('A1'), voice)), ['chime', 'zh-CN', 'zh-CN', 'en', 'pause']);
  equal('one language, once', said(script(call('A1'), { ...voice, repeats: 1, languages: ['en'] })), ['chime', 'en', 'pause']);

  const { tonesOf } = await import('/app/display/tones.js');
  equal('a counter has its tones', tonesOf(3), tonesOf(3));
  equal('neighbours sound apart', new Set([1, 2, 3, 4, 5].map((counter) => tonesOf(counter)[0])).size, 5);
  equal('they rise, whatever the counter', [1, 6, 99].every((counter) => tonesOf(counter).every((hertz, at, all) => at === 0 || hertz > all[at - 1])), true);

  // A player whose steps end when the test says so.
  const heard = [];
  let over = [];
  let playing = 0;
  let overlap = false;
  const play = (step) => {
    overlap ||= playing > 0;
    playing += 1;
    heard.push(step.kind === 'say' ? `${step.call.number} ${step.language}` : step.kind);
    return new Promise((done) => over.push(() => ((playing -= 1), done())));
  };
  const end = async () => {
    const ended = over;
    over = [];
    ended.forEach((done) => done());
    for (let turn = 0; turn < 8; turn += 1) await null;
  };
  const announcer = createAnnouncer({ play, hush: () => end(), voice: () => voice });
  announcer.call(call('A1'), false);
  announcer.call(call('A2'), false);
  announcer.call(call('A3'), true);
  await end();
  announcer.cancel('A2');
  for (let step = 0; step < 3; step += 1) await end();
  equal('the first is spoken whole', heard.slice(0, 5), ['chime', 'A1 zh-CN', 'A1 zh-CN', 'A1 en', 'pause']);
  await end();
  await end();
  equal('then the recall', heard.slice(5), ['chime', 'A3 zh-CN']);
  announcer.cancel('A3');
  for (let step = 0; step < 6; step += 1) await end();
  equal('a call that is over ends in the middle, the dropped one is never heard', heard.slice(5), ['chime', 'A3 zh-CN']);
  equal('nothing overlaps', overlap, false);
  equal('nothing is left', announcer.state(), { speaking: null, waiting: [] });
  announcer.call(call('A4'), false);
  await end();
  equal('and the next call is heard', heard.at(-2), 'chime');

  const quiet = createAnnouncer({ play, hush: () => {}, voice: () => ({ ...voice, on: false }) });
  quiet.call(call('A5'), false);
  equal('a silent screen takes nothing in', quiet.state().waiting.length, 0);
  return wrong;
})()
