"""How each function is called and what it gives, for those who write expressions; the examples are tested."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """One function, method or macro. ``example`` is an expression; ``gives`` its value as JSON."""

    name: str
    signature: str
    sentence: str
    example: str
    gives: str


def _rows(text: str) -> tuple[Signature, ...]:
    rows = [[cell.strip() for cell in line.split(" | ")] for line in text.strip().splitlines()]
    return tuple(Signature(cells[0].partition("(")[0].rpartition(".")[2], *cells) for cells in rows)


SIGNATURES = _rows(
    """
has(path) → bool | Whether a path leads to something. | has(inputs.name) | false
size(list or map or text) → int | How many items, members or characters. | size([1, 2]) | 2
string(value) → text | The value as text. | string(5) | "5"
int(number or text) → int | A whole number; a fraction is cut off. | int("5") | 5
uint(number or text) → int | A whole number that is not negative. | uint("5") | 5
double(number or text) → double | A number with a fraction. | double(5) | 5.0
timestamp(text) → timestamp | An instant, from RFC 3339. | timestamp("2030-01-31T09:00:00Z") | "2030-01-31T09:00:00Z"
duration(text) → duration | A length of time. | duration("90s") | "90s"
dyn(value) → value | The value, of a type not looked at beforehand. | dyn(5) | 5
text.contains(text) → bool | Whether the other text stands in it. | "order".contains("rd") | true
text.startsWith(text) → bool | Whether it begins so. | "order".startsWith("or") | true
text.endsWith(text) → bool | Whether it ends so. | "order".endsWith("er") | true
text.matches(pattern) → bool | Whether a regular expression is found in it. | "o-17".matches("^o-[0-9]+$") | true
timestamp.getFullYear() → int | The year. | timestamp("2030-01-31T09:00:00Z").getFullYear() | 2030
timestamp.getMonth() → int | The month, from 0. | timestamp("2030-01-31T09:00:00Z").getMonth() | 0
timestamp.getDate() → int | The day of the month, from 1. | timestamp("2030-01-31T09:00:00Z").getDate() | 31
timestamp.getDayOfMonth() → int | The day of the month, from 0. | timestamp("2030-01-31T09:00:00Z").getDayOfMonth() | 30
timestamp.getDayOfWeek() → int | The day of the week, Sunday is 0. | timestamp("2030-01-31T09:00:00Z").getDayOfWeek() | 4
timestamp.getDayOfYear() → int | The day of the year, from 0. | timestamp("2030-01-31T09:00:00Z").getDayOfYear() | 30
timestamp.getHours() → int | The hour. | timestamp("2030-01-31T09:00:00Z").getHours() | 9
timestamp.getMinutes() → int | The minute. | timestamp("2030-01-31T09:05:00Z").getMinutes() | 5
timestamp.getSeconds() → int | The second. | timestamp("2030-01-31T09:00:07Z").getSeconds() | 7
timestamp.getMilliseconds() → int | The thousandth of the second. | timestamp("2030-01-31T09:00:00.25Z").getMilliseconds() | 250
list.map(e, value) → list | A value for each item. | [1, 2].map(n, n * 2) | [2, 4]
list.filter(e, condition) → list | The items for which it holds. | [1, 2].filter(n, n > 1) | [2]
list.all(e, condition) → bool | Whether it holds for every item. | [1, 2].all(n, n > 0) | true
list.exists(e, condition) → bool | Whether it holds for some item. | [1, 2].exists(n, n > 1) | true
list.exists_one(e, condition) → bool | Whether it holds for exactly one item. | [1, 2].exists_one(n, n > 1) | true
sum(list) → number | The sum; null is skipped. | sum([1, null, 2]) | 3
avg(list) → double or null | The mean; null is skipped. | avg([1, 2]) | 1.5
min(list) or min(a, b, …) → value or null | The least. | min([3, 1]) | 1
max(list) or max(a, b, …) → value or null | The greatest. | max(3, 1) | 3
sort(list) → list | Ascending: null, bools, numbers, texts, the rest. | sort([2, 1]) | [1, 2]
sort_by(list, key) → list | By a member of each item. | sort_by([{"n": 2}, {"n": 1}], "n") | [{"n": 1}, {"n": 2}]
distinct(list) → list | Each value once. | distinct([1, 1, 2]) | [1, 2]
flatten(list) → list | One level of lists less. | flatten([[1], 2]) | [1, 2]
compact(list) → list | Without null. | compact([1, null]) | [1]
reverse(list or text) → list or text | The other way round. | reverse([1, 2]) | [2, 1]
first(list) → value or null | The first item. | first([1, 2]) | 1
last(list) → value or null | The last item. | last([1, 2]) | 2
slice(list or text, start, end?) → list or text | A part; negative numbers count from the end. | slice([1, 2, 3], 1) | [2, 3]
chunk(list, size) → list | Lists of so many items. | chunk([1, 2, 3], 2) | [[1, 2], [3]]
pluck(list, key) → list | A member of each item. | pluck([{"n": 1}], "n") | [1]
group_by(list, key) → map | The items by a member. | group_by([{"k": "a"}], "k") | {"a": [{"k": "a"}]}
zip(list, …) → list | Items of the same place together. | zip([1, 2], ["a", "b"]) | [[1, "a"], [2, "b"]]
range(end) or range(start, end, step?) → list | Whole numbers. | range(3) | [0, 1, 2]
keys(map) → list | The names, sorted. | keys({"b": 1, "a": 2}) | ["a", "b"]
values(map) → list | The values, in the order of the names. | values({"b": 1, "a": 2}) | [2, 1]
entries(map) → list | Name and value of each member. | entries({"a": 1}) | [{"key": "a", "value": 1}]
merge(map, …) → map | All members; later ones win. | merge({"a": 1}, {"a": 2}) | {"a": 2}
pick(map, keys) → map | Only these members. | pick({"a": 1, "b": 2}, ["a"]) | {"a": 1}
omit(map, keys) → map | Without these members. | omit({"a": 1, "b": 2}, ["a"]) | {"b": 2}
get(value, path, default?) → value | What a dotted path leads to. | get({"a": [5]}, "a.0", 0) | 5
coalesce(a, b, …) → value | The first that is not null. | coalesce(null, 1) | 1
join(list, separator?) → text | All items as one text. | join(["a", 1], ", ") | "a, 1"
split(text, separator) → list | The parts of a text. | split("a,b", ",") | ["a", "b"]
lower(text) → text | In small letters. | lower("Ab") | "ab"
upper(text) → text | In capital letters. | upper("Ab") | "AB"
trim(text) → text | Without space around it. | trim(" a ") | "a"
replace(text, old, new) → text | With each old text replaced. | replace("a-b", "-", "+") | "a+b"
url_encode(text) → text | As it may stand in an address. | url_encode("a b") | "a%20b"
base64_encode(text) → text | In base64. | base64_encode("a") | "YQ=="
base64_decode(text) → text | From base64. | base64_decode("YQ==") | "a"
json(value) → text | Compact JSON with sorted names. | json({"a": 1}) | "{\\"a\\":1}"
parse_json(text) → value | What a JSON text says. | parse_json("[1]") | [1]
kind(value) → text | null, bool, int, double, text, list or map. | kind([]) | "list"
abs(number) → number | Without its sign. | abs(-1) | 1
round(number, digits?) → double | Rounded. | round(1.26, 1) | 1.3
floor(number) → int | The whole number below. | floor(1.5) | 1
ceil(number) → int | The whole number above. | ceil(1.5) | 2
"""
)
