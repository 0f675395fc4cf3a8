//! Finds a number in JSON by the names that lead to it, without reading the JSON as a whole.

/// The number at `outer.inner`, if there is one. The text is valid JSON: the bus has seen to that.
pub fn number_at(json: &[u8], outer: &[u8], inner: &[u8]) -> Option<f64> {
    let mut depth = 0;
    let mut is_inside = false;
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'"' => {
                let start = at + 1;
                at = end_of_text(json, start);
                let text = json.get(start..at)?;
                let is_name = next_byte(json, at + 1) == Some(b':');
                if is_name && depth == 1 {
                    is_inside = text == outer;
                } else if is_name && depth == 2 && is_inside && text == inner {
                    return read_number(json.get(at + 1..)?);
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

fn end_of_text(json: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < json.len() && json[at] != b'"' {
        at += if json[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn next_byte(json: &[u8], start: usize) -> Option<u8> {
    json.get(start..)?.iter().copied().find(|byte| *byte > b' ')
}

/// What stands behind the colon, where that is a number.
fn read_number(json: &[u8]) -> Option<f64> {
    let start = json.iter().position(|byte| *byte > b' ' && *byte != b':')?;
    let rest = &json[start..];
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"-+.eE".contains(byte);
    let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    core::str::from_utf8(&rest[..length]).ok()?.parse().ok()
}
