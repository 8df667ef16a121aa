//! JSON Schemas in words: what a field may hold, with its limits, and where an object inside it is described.

use serde::Serialize;
use serde_yaml_ng::Value;

use super::contract::{entries, items};
use super::prose;

/// One field of an object.
#[derive(Debug, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it holds.
    pub kind: Kind,
    /// What it is when it is left out.
    pub default: Option<String>,
    /// What it means, as HTML.
    pub about: String,
}

/// What a value may be, in words.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// Words before the object's name, such as "list of".
    pub before: String,
    /// The object, which is described under its name.
    pub object: Option<String>,
    /// The only values there are.
    pub values: Vec<String>,
    /// Words after all that.
    pub after: String,
}

/// The contract's reusable parts.
#[derive(Debug, Clone, Copy)]
pub struct Schemas<'c> {
    root: &'c Value,
}

impl<'c> Schemas<'c> {
    /// The parts of the contract `root`.
    pub fn of(root: &'c Value) -> Self {
        Self { root }
    }

    /// What `value` is, or what it refers to.
    pub fn followed<'v>(self, value: &'v Value) -> &'v Value
    where
        'c: 'v,
    {
        let Some(path) = value.get("$ref").and_then(Value::as_str) else { return value };
        let target = path.trim_start_matches("#/").split('/').try_fold(self.root, |at, name| at.get(name));
        target.map_or(value, |target| self.followed(target))
    }

    /// The objects, with their names.
    pub fn objects(self) -> impl Iterator<Item = (&'c str, &'c Value)> {
        let components = self.root.get("components").unwrap_or(&Value::Null);
        entries(components, "schemas").filter(|(_, schema)| schema.get("properties").is_some())
    }

    /// The fields of the object `schema`.
    pub fn fields(self, schema: &Value) -> Vec<Field> {
        let required: Vec<&str> = items(schema, "required").filter_map(Value::as_str).collect();
        entries(schema, "properties")
            .map(|(name, field)| {
                let said = text(field, "description");
                let target = self.followed(field);
                // An object says under its own name what it is.
                let said = if said.is_empty() && target.get("properties").is_none() {
                    text(target, "description")
                } else {
                    said
                };
                Field {
                    name: name.to_owned(),
                    required: required.contains(&name),
                    kind: self.kind(field),
                    default: field.get("default").map(json_text),
                    about: prose::html(&said),
                }
            })
            .collect()
    }

    /// What `schema` allows.
    pub fn kind(self, schema: &Value) -> Kind {
        let target = self.followed(schema);
        if target.get("properties").is_some()
            && let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
        {
            return Kind { object: Some(name.to_owned()), ..Kind::default() };
        }
        if let Some(choices) = target.get("oneOf").and_then(Value::as_sequence) {
            return self.either(choices);
        }
        let values: Vec<String> = items(target, "enum").chain(target.get("const")).map(json_text).collect();
        if !values.is_empty() {
            return Kind {
                before: if values.len() > 1 { "one of" } else { "always" }.to_owned(),
                values,
                ..Kind::default()
            };
        }
        let names: Vec<&str> = match target.get("type") {
            Some(Value::Sequence(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(name) => name.as_str().into_iter().collect(),
            None => Vec::new(),
        };
        if names.first() == Some(&"array") {
            let kind = target.get("items").map(|items| self.kind(items)).unwrap_or_default();
            let after = [kind.after.as_str(), &limits(target, "Items", "")].map(str::trim).join(", ");
            let after = after.trim_matches([',', ' ']).to_owned();
            return Kind { before: format!("list of {}", kind.before).trim().to_owned(), after, ..kind };
        }
        let words = names.iter().map(|name| scalar(name, target)).collect::<Vec<_>>().join(" or ");
        Kind { before: if words.is_empty() { "anything".to_owned() } else { words }, ..Kind::default() }
    }

    fn either(self, choices: &[Value]) -> Kind {
        let (nulls, others): (Vec<_>, Vec<_>) =
            choices.iter().partition(|choice| choice.get("type").and_then(Value::as_str) == Some("null"));
        let mut kind = others.first().map(|choice| self.kind(choice)).unwrap_or_default();
        if !nulls.is_empty() {
            let or_null = format!("{} or null", kind.after);
            kind = Kind { after: or_null.trim_start().to_owned(), ..kind };
        }
        kind
    }
}

fn scalar(name: &str, schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str);
    match (name, format) {
        ("string", Some("uuid")) => "id (UUID)".to_owned(),
        ("string", Some("date-time")) => "instant (RFC 3339)".to_owned(),
        ("string", Some("email")) => "e-mail address".to_owned(),
        ("string", Some("uri" | "uri-reference")) => "address (URI)".to_owned(),
        ("string", _) => format!("text{}", limits(schema, "Length", " characters")),
        ("integer" | "number", _) => format!("{name}{}", range(schema)),
        ("boolean", _) => "true or false".to_owned(),
        ("object", _) => "object".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// `minItems` and `maxItems`, or `minLength` and `maxLength`, in words.
fn limits(schema: &Value, of: &str, unit: &str) -> String {
    let number = |name: &str| schema.get(format!("{name}{of}")).and_then(Value::as_u64);
    match (number("min").filter(|least| *least > 0), number("max")) {
        (Some(least), Some(most)) if least == most => format!(" of {most}{unit}"),
        (Some(least), Some(most)) => format!(" of {least} to {most}{unit}"),
        (None, Some(most)) => format!(" of at most {most}{unit}"),
        (Some(least), None) => format!(" of at least {least}{unit}"),
        (None, None) => String::new(),
    }
}

fn range(schema: &Value) -> String {
    let bound = |name: &str| schema.get(name).filter(|value| value.is_number()).map(json_text);
    match (bound("minimum"), bound("maximum")) {
        // The ends of what a 64-bit number holds are no news.
        (Some(least), Some(most)) if most.len() > 10 => format!(" from {least}"),
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        (None, Some(most)) => format!(" up to {most}"),
        (None, None) => String::new(),
    }
}

/// The text under `name`, or an empty one.
pub fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

/// A value in one line: text without quotes, all else as JSON.
pub fn json_text(value: &Value) -> String {
    value.as_str().map_or_else(|| serde_json::to_string(value).unwrap_or_default(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_in_words() {
        let root: Value = serde_yaml_ng::from_str(
            "components: { schemas: { Name: { type: string, minLength: 1, maxLength: 9 }, Thing: { properties: { } } } }",
        )
        .unwrap();
        let check = |schema: &str, expect: &str| {
            let kind = Schemas::of(&root).kind(&serde_yaml_ng::from_str(schema).unwrap());
            let object = kind.object.unwrap_or_default();
            let words = [kind.before, object, kind.values.join("|"), kind.after];
            assert_eq!(words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" "), expect);
        };
        check("{ $ref: '#/components/schemas/Name' }", "text of 1 to 9 characters");
        check("{ $ref: '#/components/schemas/Thing' }", "Thing");
        check(
            "{ type: array, maxItems: 3, items: { $ref: '#/components/schemas/Thing' } }",
            "list of Thing of at most 3",
        );
        check("{ oneOf: [ { $ref: '#/components/schemas/Thing' }, { type: 'null' } ] }", "Thing or null");
        check("{ type: ['string', 'null'] }", "text or null");
        check("{ type: string, enum: [a, b] }", "one of a|b");
        check("{ type: integer, minimum: 1, maximum: 5 }", "integer from 1 to 5");
        check("{ type: boolean }", "true or false");
    }
}
