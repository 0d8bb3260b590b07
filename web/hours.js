// SPDX-License-Identifier: Apache-2.0
// Opening hours as the registry writes them (docs/stations.md), in words: "1-5,h 09:00-17:00;6 20:00-08:00".
import { t } from "./words.js";

const DAYS = /^(?:[1-7](?:-[1-7])?|h)(?:,(?:[1-7](?:-[1-7])?|h))*$/, TIMES = /^\d\d:\d\d-\d\d:\d\d$/;

function daysWords(days) {
  const called = t("hours_days").split(","), name = (day) => called[day === "h" ? 7 : Number(day) - 1];
  return days.split(",").map((part) => part.split("-").map(name).join(t("hours_to"))).join(t("hours_and"));
}

// An end that is not after its beginning lies on the next day.
function timesWords(times) {
  const [from, to] = times.split("-");
  return `${from}–${to > from ? to : `${t("hours_next")}${to}`}`;
}

function groupWords(group) {
  const [days, ...times] = group.trim().split(" ");
  return DAYS.test(days) && times.length > 0 && times.every((one) => TIMES.test(one)) ? `${daysWords(days)} ${times.map(timesWords).join(t("hours_and"))}` : null;
}

// What is written otherwise is shown as it is.
export function hoursWords(hours) {
  const groups = hours.split(";").map(groupWords);
  return groups.every(Boolean) ? groups.join(t("semicolon")) : hours;
}
