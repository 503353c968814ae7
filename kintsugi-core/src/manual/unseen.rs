//! What to expect of commands that nobody here has seen.
//!
//! Lists of commands, written apart from the project by somebody who had not seen its rules: each is measured once before anybody looks
//! at its misses (the first number), then classes of misses, never single lines, are mended, and it is measured again (the second). The
//! lists are not part of the project, so that nothing can be tuned on them by accident; what was learnt from each is in `tests/corpus`.
//!
//! | list | dangerous held | evasive held | harmless allowed |
//! |---|---|---|---|
//! | first | 183 of 248, then 229 | 170 of 188, then 187 | 289 of 291, then 291 |
//! | second | 704 of 896, then 880 | 384 of 443, then 421 | 826 of 831, then 826 |
//! | third | 589 of 743, then 682 | 220 of 237, then 233 | 583 of 586, then 584 |
//! | fourth | 336 of 350, then 338 | 147 of 180, then 180 | 345 of 350, then 348 |
//! | fifth, read once | 291 of 300 | 141 of 150 | 300 of 300 |
//! | sixth | 239 of 250, then 250 | 117 of 120, then 120 | 248 of 250, then 250 |
//! | seventh | 225 of 250, then 238 | 104 of 120, then 115 | 247 of 250, then 247 |
//! | eighth, a developer's day | 230 of 250, then 250 | 116 of 120, then 120 | 245 of 250, then 249 |
//! | ninth, operators, clouds and data | 229 of 250, then 249 | 86 of 120, then 120 | 240 of 250, then 249 |
//! | tenth, made to be the hardest | 197 of 250, then 243 | 90 of 120, then 119 | 240 of 250, then 248 |
//! | eleventh, ordinary and clever ones mixed | 244 of 250, then 250 | 116 of 120, then 120 | 249 of 250, then 250 |
//! | twelfth, in the proportions of reports of incidents | 245 of 250, then 250 | 119 of 120, then 120 | 247 of 250, then 250 |
//! | thirteenth, half of it clever | 232 of 250, then 250 | 145 of 150, then 150 | 294 of 300, then 300 |
//! | fourteenth, many fields and every shell | 291 of 300, then 300 | 144 of 150, then 150 | 284 of 300, then 300 |
//! | fifteenth, from three seats: pressed, hurried, injected | 244 of 250, then 250 | 143 of 150, then 150 | 295 of 300, then 300 |
//! | sixteenth, forty fields in the form in which they occur | 295 of 300, then 299 | 140 of 150, then 148 | 286 of 300, then 297 |
//! | seventeenth, what agents and operators run | 298 of 300, then 299 | 147 of 150, then 150 | 300 of 300 |
//! | eighteenth, harm and harmlessness where a reader overlooks them, in whole scripts | 180 of 200, then 199 | 142 of 150, then 150 | 279 of 300, then 298 |
//! | nineteenth, likewise, at most three lines about one tool | 186 of 200, then 200 | 137 of 150, then 150 | 239 of 300, then 288 |
//! | twentieth, the commands behind reports of incidents, in their scripts | 188 of 200, then 200 | 89 of 100, then 100 | 274 of 300, then 291 |
//! | twenty-first, an ordinary day: six in ten are common mishaps in their many forms | 249 of 250, then 250 | 145 of 150, then 150 | 350 of 350 |
//! | twenty-second, seventy fields, half of it in whole scripts | 193 of 200, then 200 | 143 of 150, then 150 | 279 of 300, then 291 |
//! | twenty-third, bash, zsh and fish, half of it ordinary | 197 of 200, then 200 | 142 of 150, then 147 | 299 of 300, then 300 |
//! | twenty-fourth, as an evaluator of guards would collect them | 250 of 250 | 147 of 150, then 150 | 298 of 300, then 300 |
//! | twenty-fifth, an agent that means harm, and a developer who hates to be asked | 195 of 200, then 200 | 188 of 200, then 198 | 284 of 300, then 294 |
//! | twenty-sixth, in equal parts of 22 kinds of harm, 15 of disguise, 20 of everyday work | 246 of 250, then 250 | 146 of 150, then 150 | 396 of 400, then 400 |
//! | twenty-seventh, half from reports of incidents, half from fields with few users | 198 of 200, then 199 | 146 of 150, then 149 | 295 of 300, then 296 |
//! | twenty-eighth, as an evaluator of guards would collect them | 249 of 250, then 250 | 150 of 150 | 395 of 400, then 400 |
//! | twenty-ninth, agents' long scripts in many languages, and an attacker who knows the tools | 184 of 200, then 197 | 146 of 150, then 150 | 293 of 300, then 299 |
//! | thirtieth, a reviewer's: incidents and transcripts | 198 of 200, then 199 | 149 of 150, then 150 | 339 of 350, then 350 |
//! | thirty-first, an evaluator's: half about common tools, a third of it agents' scripts | 244 of 250, then 250 | 149 of 150 | 394 of 400, then 397 |
//! | thirty-second, a security engineer's, only what is dangerous, half of it scripts in eight languages | 195 of 207, then 205 | | |
//! | thirty-third, two authors': incidents, agents' scripts, fields with few users; and what a developer runs all day | 198 of 200, then 200 | 100 of 100 | 292 of 300, then 298 |
//! | thirty-fourth, of somebody who knows nothing of the project, only what is to be held | 199 of 200, then 200 | 98 of 100, then 100 | |
//! | thirty-fifth, likewise | 194 of 197, then 197 | 100 of 100 | |
//! | thirty-sixth, likewise, half of it agents' scripts; and what agents and developers run all day | 200 of 200 | 98 of 100, then 100 | 291 of 300, then 295 |
//!
//! Each was read by the program as it was when it was read. They show what the kind of list decides: of ordinary lines none to one in forty
//! is missed, and one in a hundred asked about in vain; of long scripts and of fields with few users one in fifteen to forty is
//! missed, of clever spellings one in forty, and one in seventeen where somebody stages them over files and settings.
//!
//! The goal is one miss in two hundred of the dangerous and of the evasive, and none of the harmless: this is what is furthest from it.
//! Missed most of all are languages and programs that no rule names, and data that is emptied by a detour; asked about in vain, what a
//! line makes for itself and takes away again, and danger that stands in a text as data. Known gaps are the rows marked Open in [`super::bypasses`].
