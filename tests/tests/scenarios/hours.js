// Rules of the kiosk's quiet hours, checked in the page: gives what is wrong, an empty list if nothing is.
(async () => {
  const { quieterFrom } = await import('/app/kiosk/hours.js');
  const wrong = [];
  const equal = (what, is, should) => is === should || wrong.push({ what, is, should });
  const friday = (time) => Date.parse(`2026-11-20T${time}Z`);
  const hours = [{ weekday: 5, opens: '08:30:00', closes: '12:00:00' }, { weekday: 5, opens: '13:00:00', closes: '16:30:00' }];

  equal('the next quiet hour of today', quieterFrom([9, 11, 15], hours, friday('10:20:00'), 'UTC'), 11);
  equal('the hour that runs is no advice', quieterFrom([10], hours, friday('10:20:00'), 'UTC'), undefined);
  equal('nor is one while the branch is closed', quieterFrom([12, 15], hours, friday('10:20:00'), 'UTC'), 15);
  equal('nor one after closing time', quieterFrom([17], hours, friday('10:20:00'), 'UTC'), undefined);
  equal('a branch that never closes', quieterFrom([23], [], friday('10:20:00'), 'UTC'), 23);
  equal('hours are those of the branch', quieterFrom([11, 18], [], friday('10:20:00'), 'Asia/Shanghai'), undefined);
  equal('so are later ones', quieterFrom([11, 19], [], friday('10:20:00'), 'Asia/Shanghai'), 19);
  equal('nothing is known', quieterFrom([], hours, friday('10:20:00'), 'UTC'), undefined);
  return wrong;
})()
