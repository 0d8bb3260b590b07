// SPDX-License-Identifier: Apache-2.0
// Every word of the page, Chinese first. {n} and the like are filled in.

const WORDS = {
  brand: ["城市大脑", "City Brain"], skip: ["到正文", "Skip to content"], views: ["页面", "Views"], switches: ["显示", "Display"], status: ["运行状态", "Status"],
  foot: ["数字来自 PostgreSQL 视图,可由 citybrain verify 重算核对。页面不含居民个人信息。", "Every number is from a PostgreSQL view and can be recomputed by citybrain verify. No resident's data is shown."],
  loading: ["读取中…", "Reading…"], nothing: ["暂无数据", "Nothing here"], no_data: ["无数据", "no data"], all: ["全部", "All"], sum: ["合计", "Total"],
  table: ["数据表", "Table"], as_table: ["数据见下表", "The table beneath has the numbers"], sort_by: ["按{what}排序", "Sort by {what}"], theme: ["切换浅色、深色", "Light or dark"],
  other_language: ["English", "中文"],
  theme_auto: ["自动", "Auto"], theme_light: ["浅色", "Light"], theme_dark: ["深色", "Dark"],
  s: ["秒", "s"], min: ["分", "min"], h: ["时", "h"], d: ["天", "d"], n: ["件数", "Cases"], cases: ["{n} 件", "{n} cases"], day: ["日期", "Day"], hour: ["时段", "Hour"],

  v_overview: ["总览", "Overview"], v_place: ["属地", "Places"], v_times: ["时长", "Times"], v_units: ["单位", "Units"], v_rates: ["三率", "Three rates"], v_stations: ["站点", "Stations"],
  v_triggers: ["未诉先办", "Proactive"], v_desk: ["指挥中心", "Desk"], v_cases: ["事项", "Cases"], v_case: ["事项", "Case"], v_ledger: ["台账与时效", "Ledger"], v_screen: ["大屏", "Wall screen"],
  leave_screen: ["退出大屏(Esc)", "Leave the wall screen (Esc)"],

  as_of: ["数据时刻", "As of"], ago: ["{time}前", "{time} ago"], no_tick: ["尚未走时", "no tick yet"], waits_for_tick: ["等待第一个时刻", "waiting for the first tick"],
  stands_still: ["数据已停在 {at}({time}前):请检查 ingest", "The clock stands still at {at} ({time} ago): these numbers are old; look at ingest"],
  clock_unset: ["系统时钟尚未走时:数字可能不全", "The clock has not ticked yet: the numbers may be incomplete"],
  no_charts: ["图表组件未安装,以表格显示:运行 make deps 后重启 aggregator", "Charts are not installed: tables instead; run make deps and start the aggregator again"],
  away: ["数据暂不可用,稍后自动重试", "The numbers cannot be read now; trying again"], forbidden: ["无权查看", "This is not for you to see"], not_found: ["没有此记录", "There is no such thing"],
  needs_token: ["需要凭据:请登录", "A token is needed: sign in"],
  ledger: ["台账", "Ledger"], ledger_open: ["{n} 处未平", "{n} open"], ledger_closes: ["平", "closes"], reading: ["读取", "Reading"], behind: ["落后 {time}", "{time} behind"], keeps_up: ["跟上", "keeps up"],
  stations: ["站点", "Stations"], silent_n: ["{n} 个静默", "{n} silent"], never_n: ["{n} 个从未上报", "{n} never heard"], none_silent: ["无静默", "none silent"], desk: ["待办", "Desk"], waiting_n: ["{n} 件", "{n} waiting"],

  range: ["时段", "Days"], range_today: ["今日", "Today"], range_yesterday: ["昨日", "Yesterday"], range_week: ["近 7 日", "7 days"], range_month: ["近 30 日", "30 days"], range_period: ["本期(19 日起)", "Period (from the 19th)"], range_last_period: ["上期", "Last period"],
  range_all: ["全部", "All time"], from: ["自", "From"], to: ["至", "To"], type: ["类型", "Type"], all_types: ["全部类型", "All types"], type_groups: ["合称", "Spoken of as one"], and_type: ["再加", "and"], types_together: ["合计的类型", "Types that are counted as one"], take_out: ["去掉{what}", "Take out {what}"],

  of_today: ["今日受理的", "opened today"], opened_today: ["今日受理", "Opened today"], closed_today: ["今日归档", "Closed today"], any_day: ["含往日受理的", "whenever opened"], not_closed: ["未归档", "Not closed"], not_done: ["未办结", "Not done"], yesterday_sofar: ["昨日同期", "Yesterday by now"],
  backlog: ["在办", "Open now"], held: ["挂账", "On hold"], overdue: ["超期未办", "Overdue"], of_backlog: ["占在办", "of open"], desk_overdue: ["指挥中心待决", "asked at the desk"], desk_overdue_means: ["与总览“超期未办”不是同一个数:迟办结而无人知悉的仍在此列;另有待决事由的列在该事由下;各类事项都在此列。", "Not the overview's number: what was done late and nobody noted is here still; what waits for another reason is under that one; and all kinds are here."], rate_today: ["今日办结率", "Closure rate today"],
  opened: ["受理", "Opened"], closed: ["归档", "Closed"], yesterday_opened: ["昨日受理", "Opened yesterday"], done: ["已办", "Done"], contacted: ["已联系", "Contacted"], on_time: ["按时", "In time"], disputed: ["提出异议", "Disputes made"], returned: ["其中成立", "Upheld since"], upheld_in: ["退单成立", "Upheld"], reopened_today: ["今日重办", "Reopened today"], upheld_today: ["今日退单成立", "Disputes upheld"], did_reopened: ["重办于", "Reopened in"], did_upheld: ["退单成立于", "Dispute upheld in"], returned_rate: ["成立率", "Upheld of them"],
  places_defined: ["都是这些天受理的事项:已办率 = 已办 ÷ 受理;按时率 = 按时 ÷ 已办(尚未办的不在分母);办结率 = 归档 ÷ 受理。单位页的按时率以“这些天到期”的为分母,不是同一个数。", "All of what was opened in these days: done rate = done ÷ opened; in-time rate = in time ÷ done (what is not done yet is not in it); closure rate = closed ÷ opened. The in-time rate of Units is of what fell due in these days: another number."],
  stocks_defined: ["在办、超期未办是现在的数,不论哪天受理。", "Open and overdue are as of now, whenever opened."], merged_too: ["含已并入的", "merged ones too"], open_defined: ["在办是未归档的件数,含已办结未归档的和已并入他件的;后者随主件办理,自己没有承办单位,列在“(未派单)”。", "Open: what is not closed, with what is done and not closed yet, and what was merged into another case; that goes with the other one, has no lead of its own, and stands under “(not dispatched)”."],
  fallen_due: ["到期 = 时限在今日及以前的,办了没办都算;今日稍后才到期的也在内,明日起到期的不在", "due: what has its limit today or before, done or not; what is due later today is in it, from tomorrow on it is not"], semicolon: [";", "; "],
  units_defined: ["办结率 = 这些天受理的当中已归档的;按时率 = 按时办结 ÷ 到期(时限在这些天内的,办了没办都算,到今日为止;今日稍后才到期的也在分母)。属地页的按时率以“已办”的为分母,不是同一个数。", "Closure rate: of what was opened in these days, what is closed. In-time rate: done in time ÷ what falls due in these days (done or not, up to today; what is due later today is in it). The in-time rate of Places is of what is done: another number."],
  disputes_defined: ["退单成立 = 这些天裁定成立的,不论何日提出、何日受理,归当时的承办单位;提出异议 = 这些天提出的,其中成立的是至今裁定成立的。", "Upheld: disputes that were upheld in these days, whenever made, of who led then; disputes made: in these days, and how many of them are upheld by now."],
  done_rate: ["已办率", "Done rate"], timely: ["按时率", "In-time rate"], rate: ["办结率", "Closure rate"], open: ["在办", "Open"],
  inflow: ["今日流量", "Today, hour by hour"], board: ["街乡今日", "Streets and townships today"], urgent: ["最急的事项", "Most urgent"], slow_streets: ["首次联系最慢({n} 日)", "Slowest first contact, {n} d"], newest: ["最新受理", "Newest"],
  m_contact: ["首次联系", "First contact"], m_full: ["全程", "Open to close"], m_dispatch: ["派单", "Dispatch"], m_sign: ["签收", "Sign-off"], m_handle: ["办理", "Handling"], median: ["中位数", "Median"], p90: ["九成", "p90"],
  means_contact: ["派单到首次联系居民", "From dispatch to the first contact with the resident"], means_full: ["受理到归档", "From opening to closing"], means_dispatch: ["受理到派单", "From opening to dispatch"],
  means_sign: ["派单到签收", "From dispatch to sign-off"], means_handle: ["派单到办结", "From dispatch to resolution"],
  measure: ["口径", "Measure"], group: ["分组", "Group"], group_unit: ["承办单位", "Lead unit"], group_street_code: ["发生街乡", "Street"], trend: ["逐日走势", "Day by day"], trend_full: ["全程时长逐日走势", "Open to close, day by day"],
  about: ["约", "approx."], approximate: ["中位数、九成为近似值(±2 %)", "median and p90 are approximate (±2 %)"], n_timed: ["计时件数", "Timed"], n_of: ["{n} 件", "n {n}"], n_behind: ["条后:中位数 · 九成 · 件数;不足 {few} 件的条色浅", "Behind a bar: median · p90 · how many cases; of fewer than {few} it is pale"], slowest_first: ["慢的在前", "slowest first"], times_street: ["街乡响应时长", "Streets and townships"], times_other: ["部门、企业响应时长", "Departments and utilities"], times_place: ["各街乡发生的事项", "Where it happened"],

  district: ["全区", "District"], street: ["街乡", "Street"], community: ["社区", "Community"], unit: ["单位", "Unit"], trail: ["所在层级", "Where you are"],
  by_street: ["各街乡", "By street"], by_community: ["各社区", "By community"], by_unit: ["各承办单位", "By lead unit"],
  sums_agree: ["{n} 行之和与合计一致", "{n} rows add up to the total"], sums_differ: ["各行之和与合计不符:{what}", "The rows do not add up: {what}"],
  not_dispatched: ["(未派单)", "(not dispatched)"], no_place: ["(未定位)", "(no place)"], no_type: ["(未分类)", "(no type)"], no_limit: ["无时限", "no limit"], late_by: ["超期 {time}", "{time} late"], left: ["余 {time}", "{time} left"], left_on_hold: ["余 {time},暂停计时", "{time} left, standing still"],
  case_list: ["事项清单", "Cases"], case: ["编号", "Number"], state: ["状态", "State"], place: ["地点", "Place"], lead: ["承办", "Lead"], opened_at: ["受理", "Opened"], due: ["时限", "Due"],
  listed: ["已列 {n} 件", "{n} listed"], listed_more: ["已列 {n} 件,后面还有", "{n} listed, there are more"], listed_of: ["已列 {n} / {of} 件", "{n} of {of} listed"], doubles_n: ["其中双系统重复 {n} 件,不计入受理", "{n} of them another system's as well, not counted as opened"], more: ["再列 100 件", "100 more"], order: ["排序", "Order"], most_urgent: ["最急在前", "Most urgent first"], only_overdue: ["仅超期", "Overdue only"], opened_in: ["受理于", "Opened in"], due_soon: ["临期", "Due within"], within_hours: ["{n} 小时内", "{n} h"], urgent_rule: ["最急在前:紧急事项先于其他(无时限的按受理后 24 小时排),其余按时限先后;无时限的在最后。", "Most urgent first: emergencies before all others (one without a limit stands as if due 24 h behind its opening), then by limit; what has none last."], life: ["经过", "Went through"], ever_reopened: ["重办过", "Reopened"], ever_disputed: ["提过异议", "Disputed"],
  state_waiting: ["待派单", "waiting"], state_open: ["办理中", "open"], state_held: ["挂账", "on hold"], state_resolved: ["已办结", "resolved"], state_closed: ["已归档", "closed"], state_merged: ["已并入", "merged"],

  tier: ["档", "Tier"], tier_good: ["优", "good"], tier_fair: ["中", "fair"], tier_poor: ["低", "low"], tier_none: ["无数据", "no data"], units_n: ["{n} 家", "units: {n}"],
  tiers_rate: ["办结率分档", "Closure rate, in tiers"], tiers_timely: ["按时办结率分档", "In time, in tiers"], units_all: ["各单位", "All units"], rates_street: ["街乡办结率", "Closure rate, streets and townships"], rates_other: ["部门、企业办结率", "Closure rate, departments and utilities"],

  rate_before: ["前段办结率", "Closure rate before"], timely_before: ["前段按时率", "In-time rate before"], held_against: ["前段:{from} – {to};▲▼ 为百分点之差", "Before: {from} – {to}; ▲▼ are points of difference"],

  v_repeats: ["重复", "Repeats"], by_type: ["各类型", "By type"], r_again: ["再次反映", "Said again"], r_reopened: ["受理后重办过", "Reopened since"], r_reopened_in: ["重办", "Reopened"], r_merged: ["并单", "Merged"], r_extended: ["延期", "Extended"], r_again_rate: ["重复率", "Repeat rate"], r_reopened_rate: ["重办率", "Reopen rate"],
  of_opened: ["占受理", "of opened"], repeats_note: ["各自计数,不相加。重办是这些天发生的次数,不论何日受理;其余是这些天受理的事项,至今如何", "Counters of their own; they do not add up. Reopened: how often it happened in these days, whenever opened; the others are of what was opened in these days, and what came of it by now"],

  v_figures: ["指标", "Figures"], view: ["视图", "View"], all_views: ["全部视图", "All views"], views_there: ["本区的视图", "Views of this district"], views_note: ["views/ 中每个文件一个;没有专页的在前", "One for each file of views/; those without a page come first"],
  code: ["代码", "Code"], columns: ["栏目", "Columns"], own_page: ["另见", "See also"], no_view: ["没有视图 {name}:新视图须先运行 citybrain views apply,再重启 aggregator", "There is no view {name}: a new one needs citybrain views apply, and the aggregator started again"],
  method: ["算法", "Method"], method_pooled: ["合并", "Pooled"], method_mean: ["单位平均", "Mean of units"], units_with_data: ["单位数", "Units"], mixed: ["多个版本,无合计数", "several: no number"], average: ["平均", "Mean"], by_what: ["按{what}", "By {what}"], and_by: ["再按", "and by"], audience: ["对象", "For"], audience_own: ["内部", "the office"], audience_public: ["公开", "the public"], too_few: ["不足 5", "under 5"],
  only_yours: ["仅含本单位", "your unit's alone"], none_in_days: ["此时段无数据", "Nothing in these days"], more_rows: ["再列 200 行", "200 more rows"], no_code: ["(无)", "(none)"],
  accepted_in: ["受理地", "Taken in at"], line: ["条线", "Line"], estate: ["小区", "Estate"], month: ["月份", "Month"], noon_day: ["午间日(前日 12 时起)", "Day from noon before"],

  period: ["考核期", "Period"], period_this: ["本期(19 日起)", "This period (from the 19th)"], period_last: ["上期", "Last period"], period_month: ["本月", "This month"], scope: ["范围", "Scope"], scope_all: ["全口径", "All"], scope_net: ["剔除后", "Net of exclusions"],
  score: ["综合成绩", "Score"], response: ["响应率", "Response"], solution: ["解决率", "Solution"], satisfaction: ["满意率", "Satisfaction"], valid: ["有效回访", "Valid call-backs"], reviewed: ["回访", "Called back"],
  mean_of_units: ["单位算术平均", "Mean of units"], formula: ["公式自", "Formula of"], rank: ["名次", "Rank"], no_rank: ["不排名", "none"], rates_by_unit: ["各单位三率", "Three rates by unit"], rates_note: ["有效回访为 0 者无数据,不排名", "Without a valid call-back there is no data and no rank"],
  rates_defined: ["响应率 = 联系到的 ÷ 有效回访;解决率 = 解决的 ÷ 有效回访;满意率 = (满意 + 0.9 × 基本满意) ÷ 有效回访;都以最后一次有效回访为准。基本满意按 0.9 计、综合成绩的权重,以本区 views/three_rates.yaml 中该考核期的公式为准。有效回访不足 {few} 件的色浅、斜体,仅供参考。", "Response = reached ÷ valid call-backs; solution = solved ÷ valid call-backs; satisfaction = (satisfied + 0.9 × acceptable) ÷ valid call-backs; each by the last valid call-back. What acceptable weighs (0.9), and each rate in the score, is what the district's views/three_rates.yaml says for the period. Of fewer than {few} valid call-backs numbers are pale and slanted: take them as a hint."],

  st_alive: ["在线", "alive"], st_late: ["迟到", "late"], st_silent: ["静默", "silent"], st_never: ["从未上报", "never heard"], st_unknown: ["未登记", "unknown"], st_dirty: ["有拒收", "sends dirt"], st_closed: ["非开放时间", "outside its hours"], hours_now: ["{hours}(现在{open})", "{hours} ({open})"], is_open: ["开放", "open now"], is_closed: ["未开放", "closed now"],
  hours_days: ["周一,周二,周三,周四,周五,周六,周日,节假日", "Mon,Tue,Wed,Thu,Fri,Sat,Sun,public holidays"], hours_to: ["至", "–"], hours_and: ["、", ", "], hours_next: ["次日", "next day "], refused_n: ["今日拒收 {n} 条", "{n} rows refused today"], show: ["显示", "Show"],
  wall: ["站点墙", "Wall of stations"], wall_note: ["▲:该站今日有记录被拒收;☾:现在不在其开放时间内", "▲: rows of its own were refused today; ☾: outside its hours now"], heard: ["最近上报", "Last heard"], heard_via: ["经由", "Via"], next_due: ["下次应报", "Next due"], cadence: ["频次", "Cadence"],
  hours: ["开放时间", "Hours"], source: ["来源", "Source"], refused_today: ["今日拒收", "Refused today"], refused_why: ["拒收理由由值班人员查看:", "Why, on-call sees:"], its_cases: ["该站事项", "Its cases"], sources_today: ["各来源今日", "Sources today"], refused: ["拒收率", "Refusal rate"], station: ["站点", "Station"], name: ["名称", "Name"],

  by_trigger: ["按触发器", "By trigger"], trigger: ["触发器", "Trigger"], findings: ["发现", "Findings"], p_opened: ["发现", "Found"], p_confirmed: ["确认", "Confirmed"], p_declined: ["不采纳", "Declined"], p_dispatched: ["派单", "Dispatched"], p_resolved: ["办结", "Resolved"],
  counted: ["{n} 件", "{n} facts"], distinct: ["{n} 个不同对象", "{n} distinct"], evidence_n: ["依据 {n} 条", "Evidence: {n}"], no_evidence: ["由时钟或日历触发,无逐条依据", "Found by clock or calendar: no single facts"], more_n: ["其余 {n} 条", "{n} more"], more_findings: ["再列 50 项", "50 more"], narrow_it: ["其余请缩短时段或选定触发器查看。", "For the others choose fewer days, or one trigger."],
  evidence_done: [",其中 {n} 件已办结", ", {n} of them done"], holds: ["仍成立", "that hold"], over: ["已不成立", "no longer hold"], over_means: ["所提醒的事项已办结或已过时限,或站点已恢复上报;仍可确认或不采纳。", "What it warns of is done, or past its limit, or the station is heard again; it can be confirmed or declined as before."], evidence_of: ["本件是以下 {n} 项发现的依据", "It is evidence of findings: {n}"],
  emergencies_n: ["紧急 {n},共 {of} 件", "emergency: {n}, of {of}"],
  g_estate_code: ["小区", "estate"], g_type_code: ["类型", "type"], g_street_code: ["街乡", "street"], g_community_code: ["社区", "community"], g_station: ["站点", "station"], g_unit: ["单位", "unit"], g_line: ["条线", "line"], g_case: ["事项", "case"],

  cause: ["事由", "Cause"], queue: ["待办队列", "Queue"], nothing_waits: ["没有待办", "Nothing waits"], choose_case: ["从左侧选择一件", "Choose one on the left"], no_such_case: ["没有此事项,或无权查看", "No such case, or not yours"], not_asked: ["此件现无待决事项", "Nothing is asked about it now"], to_desk: ["待指挥中心决定", "Waits for the desk"],
  cause_unclassified: ["待分类", "unclassified"], cause_fallback: ["兜底", "no owner found"], cause_two_leads: ["两可", "two leads"], cause_too_old: ["超龄", "too old"], cause_unknown_unit: ["单位不明", "unknown unit"], cause_emergency: ["紧急", "emergency"], cause_dispute: ["异议", "dispute"],
  cause_hold: ["挂账申请", "hold asked"], cause_confirm: ["未诉先办待确认", "to be confirmed"], cause_would_have: ["复核", "second look"], cause_overdue: ["超期", "overdue"], cause_headless: ["无受理记录", "no opening"],
  known_none: ["类型与地点均不明。", "Neither type nor place is known."], known_place: ["类型不明,地点已知:{place}。", "Its type is not known; its place is: {place}."],
  known_type: ["类型已知:{type};地点不明。", "Its type is known: {type}; its place is not."], known_both: ["类型已知:{type};地点已知:{place}。", "Its type is known: {type}; so is its place: {place}."],
  ask_unclassified: ["请分类,或指定承办单位。", "Classify it, or name a lead."], ask_fallback: ["没有规则能确定承办单位:请指定。", "No rule finds an owner: name one."], ask_two_leads: ["两个单位都可能承办:请选定其一。", "Two owners are plausible: choose one."],
  ask_too_old: ["来件时已超过派单期限:派出,或归档。", "It is older than what is dispatched: send it, or close it."], ask_unknown_unit: ["来件写明的单位不存在:请指定。", "It names a unit that nobody has: name one."], ask_emergency: ["紧急事项:请立即处置。", "An emergency: act at once."],
  ask_dispute: ["承办单位认为不属其职责:请裁定。", "Its lead says that it is not its own: decide."], ask_hold: ["承办单位申请挂账:批准则停止计时。", "Its lead asks for the clock to stop: grant it, or note it."], ask_confirm: ["触发器有所发现:立项,或不予立项。", "A trigger found something: take it up, or decline it."],
  ask_would_have: ["更正后规则会派给别的单位:改派,或维持。", "After a correction the rules would say another lead: assign, or leave it."], ask_overdue: ["已超过时限:督办、延期、改派,或知悉。", "Its limit has passed: supervise, extend, assign, or note."], ask_headless: ["收到办理情况而无受理记录:知悉。", "Answers came and no opening: note it."],
  decision: ["决定", "Decision"], decide: ["提交决定", "Say it"], reason: ["理由", "Reason"], decided_by: ["以 {who} 的名义记录", "Recorded as {who}'s"], reason_is_shown: ["理由会显示在全过程中(常见写法的电话、证件号、门牌自动遮盖):请勿写居民姓名和电话。全过程只写区指挥中心,姓名记入审计。", "The reason is shown in the case's life (telephone, card and flat numbers are masked as they are usually written): write no resident's name or number. The life names the desk alone; yours is kept in the audit."], no_reason_given: ["未说明理由", "gave no reason"], colon: [":", ": "], choose: ["请选择", "Choose"], likely: ["可能的单位", "Likely"], may_be_left_out: ["可不填", "may be left out"],
  f_lead: ["承办单位", "Lead unit"], f_type_code: ["类型", "Type"], f_outcome: ["裁定", "Outcome"], f_due_at: ["新时限", "New limit"], outcome_upheld: ["异议成立", "upheld"], outcome_rejected: ["异议不成立", "rejected"],
  move_assigned: ["指定承办", "Assign"], move_assigned_means: ["由该单位承办;原工单收回", "This unit leads; the old order is recalled"], move_classified: ["分类", "Classify"], move_classified_means: ["按新的类型重新派单", "Dispatched anew by its type"],
  move_dispute_decided: ["异议裁定", "Decide the dispute"], move_dispute_decided_means: ["成立则改派,不成立则退回", "Upheld: another lead; rejected: back to its lead"], move_held: ["批准挂账", "Grant the hold"], move_held_means: ["办理时限暂停", "The clock stops"],
  move_extended: ["延期", "Extend"], move_extended_means: ["时限改为所填时间", "The limit becomes this time"], move_supervised: ["督办", "Supervise"], move_supervised_means: ["承办单位继续办理", "Its lead goes on, watched"], move_confirmed: ["确认立项", "Take it up"], move_confirmed_means: ["按规则派单", "Dispatched by the rules"],
  move_declined: ["不予立项", "Decline"], move_declined_means: ["到此结束", "It ends here"], move_closed: ["归档", "Close"], move_closed_means: ["结束本件,不再派单", "It ends, nobody gets it"], move_noted: ["知悉", "Note"], move_noted_means: ["已阅,维持现状", "Seen, nothing changes"],
  saying: ["正在提交…", "Saying it…"], said_accepted: ["已接收,等待规则处理…", "Accepted; waiting for what the rules make of it…"], said_counts: ["已生效:承办 {unit},{state}", "It counts: lead {unit}, {state}"], said_no_effect: ["未生效:{why}", "No effect: {why}"], said_rejected: ["接入处拒收", "The door rejects it"],
  said_not_seen: ["{time}内未见结果,稍后在时间线查看;再次提交不会重复", "Not seen within {time}; look at the timeline later. Saying it again says it once"], said_not_allowed: ["凭据无权以区指挥中心名义决定", "This token may not decide as the desk"],
  said_unreachable: ["无法连接接入处 {door}:未提交。请检查网络与 ingest.pages", "The door {door} cannot be reached: nothing was said. Look at the network and ingest.pages"],
  identity: ["身份", "Who you are"], your_name: ["姓名", "Your name"], your_token: ["凭据(令牌)", "Your token"], token_note: ["凭据只留在本页内存,关闭即失;不写入地址与存储。", "The token stays in this tab's memory and is gone with it: not in storage, not in the address."], sign_in: ["登录", "Sign in"], sign_out: ["退出", "Sign out"],
  signed_in: ["已登录:{who}", "Signed in: {who}"], signed_out: ["已退出", "Signed out"], you_are: ["{who} · {unit}", "{who} · {unit}"], reader: ["只读", "reader"], bad_token: ["凭据无效", "No such token"], not_desk: ["该凭据不是区指挥中心的,只能查看", "Not the desk's token: it reads and decides nothing"], needs_credential: ["决定前请先登录区指挥中心凭据。", "Sign in with the desk's token to decide."],
  can_be_decided: ["可作的决定", "What can be decided"], credential_from: ["凭据由管理员发放:接入处令牌文件(ingest.tokens)中单位 desk 的令牌;命令行同样可用:citybrain desk decide。", "Its administrator gives it out: the token of the unit desk in the door's file (ingest.tokens). The command line takes the same one: citybrain desk decide."],

  kind: ["种类", "Kind"], limit_class: ["时限等级", "Limit class"], parent: ["并入", "Merged into"], children: ["已并入本件的", "Merged into it"], with_parent: ["随", "with"], helpers: ["协办", "Helpers"], had_before: ["曾经手", "Had it before"], by_parent: ["随主件办理", "handled with the case it was merged into"], parents_lead: ["主件的承办单位", "the lead of that case"], role_co: ["协办", "helps"], role_sub: ["转派", "office"], role_past: ["已收回", "taken back"], timeline: ["全过程", "Timeline"], rule: ["规则", "Rule"], by_units: ["单位与来源", "units and source"], by_desk: ["指挥中心", "the desk"], by_rules: ["规则与时钟", "rules and clock"],
  rule_desk: ["区指挥中心指定", "named by the desk"], rule_adopted: ["承接来单指定", "its lead came with it"], rule_last_lead: ["重办由原承办", "who handled it goes on"], rule_disputed: ["异议成立", "a dispute was upheld"], rule_unsigned: ["逾时未签收", "not signed for"], rule_near_due: ["临期", "its limit is near"], rule_overdue: ["已过时限", "its limit has passed"],
  rule_corrected: ["来单更正", "a correction"], rule_place: ["属地", "its place"], rule_emergency: ["紧急", "emergency"], rule_fallback: ["兜底", "no owner found"], rule_utility: ["专业公司", "a utility"], rule_internal: ["内部时限", "the internal limit"],
  rule_co_near: ["协办临期", "a helper's limit is near"], rule_co_over: ["协办超期", "a helper's limit has passed"], rule_emergency_110: ["应转 110", "for 110"], rule_emergency_119: ["应转 119", "for 119"], rule_emergency_120: ["应转 120", "for 120"], rule_emergency_122: ["应转 122", "for 122"],
  rule_legal_track: ["法定途径", "the legal track"], rule_legal: ["法定途径", "the legal track"], rule_transfer: ["转警务、急救", "for police or rescue"], rule_duplicate: ["重复件", "a duplicate"], rule_city: ["市级单位", "a unit of the city"], rule_outside: ["区外", "out of the district"],
  rule_utility_here: ["专业公司,属地配合", "a utility, with the street"], rule_district: ["部门主责", "a department"], rule_district_here: ["部门主责,属地配合", "a department, with the street"], rule_with_department: ["属地主责,部门指导", "the street, guided by a department"],
  rule_two_streets: ["两街乡会商", "two streets confer"], rule_untyped: ["未分类", "no type"], rule_untyped_here: ["未分类,地点已知", "no type, a known place"], rule_two_leads: ["两可", "two leads"], rule_too_old: ["受理过早", "too old"], rule_unknown_unit: ["单位不明", "unknown unit"], rule_not_admitted: ["未准入", "not admitted"], rule_none: ["无规则适用", "no rule applies"], rule_working_time: ["挂账解除,剩余工作时间顺延", "the hold ended: the working time left goes on"],
  heard_valid_yes: ["有效回访", "a valid call-back"], heard_valid_no: ["无效回访", "no valid call-back"], heard_contacted_yes: ["已联系", "was contacted"], heard_contacted_no: ["未联系", "was not contacted"], heard_solved_yes: ["已解决", "solved"], heard_solved_no: ["未解决", "not solved"],
  heard_satisfied: ["满意", "satisfied"], heard_acceptable: ["基本满意", "acceptable"], heard_dissatisfied: ["不满意", "dissatisfied"],
  history: ["历史补录", "history"], told_late: ["迟报 {time}", "told {time} late"], impossible: ["不可能的步骤,未计入", "impossible, not counted"], not_yours: ["非其事项,未计入", "not its own, not counted"],
  w_done: ["已办结,用时 {time}。", "Done after {time}."], w_late: ["时限 {due}{by} 已过 {time},尚未办结。", "Its limit, {due}{by}, passed {time} ago, and it is not done."], w_due: ["时限 {due}{by},{time}。", "Due {due}{by}, {time}."], w_desk: ["等待指挥中心:{cause}。", "The desk is asked: {cause}."],
  w_not_dispatched: ["尚未派给任何单位。", "Nobody has it yet."], w_not_signed: ["{unit}派单 {time}后仍未签收。", "{unit} has not signed for it, {time} after it was dispatched."], w_not_contacted: ["尚未联系居民。", "The resident has not been contacted."], w_sent: ["已派单 {n} 次。", "It was dispatched {n} times."],
  w_with: ["自 {since} 由{unit}{state},已 {time}{limit}。", "With {unit} since {since}, {state}, for {time}{limit}."], w_waiting: ["自 {since} {state},已 {time}{limit}。", "Since {since} {state}, for {time}{limit}."],
  w_held: ["自 {since} 挂账({unit}),已 {time},时限暂停。", "On hold with {unit} since {since}, for {time}: the clock stands still."], w_limit: [";时限 {due}{by},{time}", "; due {due}{by}, {time}"], w_ended: ["已结束:{stage},历时 {time}。", "It has ended, {stage}, after {time}."],
  due_by_order: ["来单自带的时限", "the order's own"], due_by_class: ["按时限等级计算", "counted by its class"], due_by_desk: ["指挥中心所定", "set by the desk"], due_by_extended: ["经延期", "by an extension"], due_by_helper: ["协办单位的时限", "a helper's own"],
  due_moved: ["挂账后顺延", "moved by a hold"], class_aside: ["本件时限另有来源,不按此等级计算", "its limit is set otherwise, not counted by it"], in_brackets: ["({words})", " ({words})"], comma: [",", ", "],
  w_idle: ["最近一步:{what}({time}前),此后无进展。", "Its last step: {what}, {time} ago; nothing since."],
  w_disputed: ["提出过 {n} 次异议:{each}。", "Disputes: {n} ({each})."], w_dispute: ["{unit},{came}", "{unit}: {came}"], came_upheld: ["裁定成立", "upheld"], came_rejected: ["裁定不成立", "rejected"], came_waits: ["待裁定", "not decided yet"], came_void: ["未裁定即了结", "over before it was decided"], semicolon: [";", "; "],
  w_reopened: ["重办过 {n} 次。", "Reopened: {n}."], w_extended: ["延期过 {n} 次。", "Extended: {n}."],
  w_was_late: ["超期 {time}才办结:时限 {due}{by}。", "Late by {time}: its limit was {due}{by}."], w_merged: ["已并入 {parent},随主件由{unit}办理。", "Merged into {parent}: {unit} handles it there."], w_once_late: ["办理中曾超过当时的时限。", "It was once over the limit of that time."],

  find: ["按编号查事项", "Case number"], found_n: ["查找 {number}", "Looking for {number}"], with_number: ["编号 {number}", "Number {number}"], no_number: ["没有编号为 {number} 的事项,或无权查看", "No case has the number {number}, or it is not yours"],

  account: ["收发对账", "The account"], account_note: ["读取 = 规整 + 拒收 + 去重 + 过滤;规整出的事件 = 不同 + 重复", "read = normalised + refused + dropped + filtered; events = distinct + repeated"], closes: ["平", "closes"], does_not_close: ["未平", "open"], last_7_days: ["近 7 日", "the last 7 days"],
  l_read: ["读取", "Read"], l_normalised: ["规整", "Normalised"], l_dead: ["拒收", "Refused"], l_dropped: ["去重", "Dropped"], l_filtered: ["过滤", "Filtered"], l_events: ["事件", "Events"], l_distinct_events: ["不同", "Distinct"], l_repeated_events: ["重复", "Repeated"], l_refused_events: ["未计", "Not counted"],
  newest_came: ["最新来件", "Newest record"], newest_short: ["最新来件", "newest"], newest_record: ["最近一条", "Newest record"], feed_late: ["迟", "late"], feed_was_due: ["按站点频次应于 {at} 前来件", "by its stations' cadence one was due by {at}"], of_all_sources: ["各来源中最近", "of all sources"],
  reasons: ["拒收原因", "Why rows were refused"], reasons_note: ["各原因之和即上表的拒收数", "They add up to what is refused above"], reason_why: ["原因", "Reason"], reason_not_told: ["(当时未记原因)", "(no reason was kept then)"], share: ["占拒收", "Of refused"], all_sources: ["全部来源", "All sources"],
  first_time: ["最早", "First"], last_time: ["最近", "Last"], to_see_one: ["查看原件(值班)", "To see one (on-call)"], click_to_copy: ["单击选中整条命令", "A click marks the whole command"], nothing_refused: ["此时段没有拒收", "Nothing was refused in these days"], rows_of: ["已列 {n} / {of}", "{n} of {of} listed"],
  since_when: ["自 {at}", "since {at}"], silent_since: ["静默自 {at}", "silent since {at}"], late_since: ["迟到自 {at}", "late since {at}"],
  partitions: ["各分区读到哪里", "How far each partition is read"], partition: ["分区", "Partition"], next_offset: ["下一条", "Next record"], its_clock: ["其时钟", "Its clock"], is_behind: ["落后", "Behind"], ticks_note: ["每 30 秒走时一次", "it ticks every 30 s"], furthest_behind: ["最落后的分区", "the furthest behind"], newest_change: ["最近变动", "Newest change"],
};

let column = 0;
export const setLanguage = (lang) => {
  column = lang === "en" ? 1 : 0;
  document.documentElement.lang = column ? "en" : "zh-CN";
};
export const language = () => (column ? "en" : "zh");

// What is not known is shown as it is: a kind or a cause of an adopter's has no word here.
export function t(key, values = {}) {
  const words = WORDS[key];
  if (!words) return key.replace(/^(cause|ask|g|role|rule|move|st|state|period|outcome)_/, "");
  return words[column].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
