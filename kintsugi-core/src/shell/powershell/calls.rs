//! Methods and types whose use only computes a value (.NET 8, `System`, `System.IO.Path`, `System.String`).

use crate::place::NEW_TEMPORARY;

/// Methods that change nothing but the value in memory that they are called on.
const METHODS: &str = "add adddays addhours addminutes addmonths addseconds addyears clone compareto contains containskey \
    containsvalue count endswith equals exists find first foreach format getbytes getchars getcount getenumerator \
    gethashcode getlength getstring gettype getvalue indexof insert isnullorempty join last lastindexof match matches \
    max min padleft padright replace reverse round select sort split startswith substring subtract sum toarray tochararray \
    todouble toint32 tolocaltime tolower tolowerinvariant toshortdatestring tostring totitlecase touniversaltime toupper \
    toupperinvariant trim trimend trimstart trygetvalue union where";

/// Types whose static methods all only compute.
const COMPUTING: &str = "math string int int32 int64 long double decimal float single bool char byte datetime datetimeoffset timespan \
    guid version regex array bitconverter uri path io.path text.regularexpressions.regex text.encoding enum tuple \
    globalization.cultureinfo object stringcomparer convert collections.generic.list[string] linq.enumerable";

/// Single static methods that only look or compute.
const LOOKING: [&str; 11] = [
    "environment::getenvironmentvariable",
    "environment::getfolderpath",
    "environment::expandenvironmentvariables",
    "io.file::exists",
    "io.directory::exists",
    "io.directory::getcurrentdirectory",
    "io.directory::getfiles",
    "io.directory::getdirectories",
    "console::writeline",
    "console::write",
    "diagnostics.stopwatch::startnew",
];

/// Types to which a value is only converted.
const CASTS: &str = "int int16 int32 int64 long uint32 uint64 double decimal float single string bool char byte array object hashtable \
    pscustomobject psobject ordered xml datetime version void regex guid uri timespan switch math bigint numerics.biginteger \
    collections.arraylist nullable[int]";

/// Whether a method only computes, whatever it is called on.
pub(super) fn is_harmless_method(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    METHODS.split(' ').any(|it| it == lower)
}

/// Whether a static method only computes.
pub(super) fn is_harmless_static(class: &str, member: &str) -> bool {
    let class = class.strip_prefix("system.").unwrap_or(class);
    let member = member.to_ascii_lowercase();
    // What is decoded is as good as hidden.
    if member.starts_with("frombase64") || member == "gettempfilename" {
        return false;
    }
    let whole = [class, "::", &member].concat();
    COMPUTING.split(' ').any(|it| it == class) || LOOKING.contains(&whole.as_str())
}

/// What stands for a name that nothing has yet, where a method gives one; never empty (.NET 8, `System.Guid`, `System.IO.Path`).
pub(super) fn new_name(class: &str, member: &str) -> Option<&'static str> {
    let class = class.strip_prefix("system.").unwrap_or(class);
    match (class, member.to_ascii_lowercase().as_str()) {
        ("guid", "newguid") | ("io.path", "getrandomfilename") => Some("tmp.XXXXXX"),
        ("io.path", "gettemppath") => Some("/tmp/"),
        ("io.path", "gettempfilename") => Some(NEW_TEMPORARY),
        _ => None,
    }
}

/// Whether a value is only converted to this type.
pub(super) fn is_cast(class: &str) -> bool {
    let class = class.strip_prefix("system.").unwrap_or(class);
    let class = class.trim_end_matches("[]");
    CASTS.split(' ').any(|it| it == class)
}
