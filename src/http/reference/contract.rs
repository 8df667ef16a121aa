//! The contract, read into what the reference page shows.
//!
//! Knows as much of `OpenAPI` and JSON Schema as `openapi.yaml` uses, and no more.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_yaml_ng::Value;

use super::prose::{self, Heading};
use super::schema::{Field, Kind, Schemas, json_text, text};

/// The whole page.
#[derive(Debug, Serialize)]
pub struct Reference {
    title: String,
    version: String,
    summary: String,
    conventions: String,
    headings: Vec<Heading>,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
    problems: Vec<CommonProblem>,
}

/// The operations under one tag.
#[derive(Debug, Serialize)]
struct Group {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Serialize)]
struct Operation {
    id: String,
    method: String,
    path: Vec<Segment>,
    summary: String,
    about: String,
    who: &'static str,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<Answer>,
    problems: Vec<Problem>,
    common: Vec<CommonProblem>,
}

/// A piece of a path; what stands in braces is the caller's to fill in.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Segment {
    text: String,
    given: bool,
}

#[derive(Debug, Serialize)]
struct Parameter {
    place: String,
    field: Field,
    example: Option<String>,
}

#[derive(Debug, Serialize)]
struct Body {
    media: String,
    required: bool,
    about: String,
    fields: Vec<Field>,
    examples: Vec<Example>,
}

#[derive(Debug, Serialize)]
struct Answer {
    status: String,
    about: String,
    media: Option<String>,
    kind: Option<Kind>,
    headers: Vec<String>,
    examples: Vec<Example>,
}

#[derive(Debug, Clone, Serialize)]
struct Problem {
    status: String,
    about: String,
    codes: Vec<String>,
}

/// A problem of many operations, which the page explains once.
#[derive(Debug, Clone, Serialize)]
struct CommonProblem {
    name: String,
    problem: Problem,
}

/// From how many operations on a problem is explained once, in a place of its own.
const COMMON: usize = 10;

#[derive(Debug, Serialize)]
struct Example {
    title: String,
    text: String,
}

/// An object that bodies and answers hold.
#[derive(Debug, Serialize)]
struct Shape {
    name: String,
    about: String,
    fields: Vec<Field>,
}

impl Reference {
    /// Reads `contract`.
    ///
    /// # Errors
    /// When it is not YAML.
    pub fn read(contract: &str) -> Result<Self, serde_yaml_ng::Error> {
        let root: Value = serde_yaml_ng::from_str(contract)?;
        let schemas = Schemas::of(&root);
        let info = root.get("info").unwrap_or(&Value::Null);
        let common = common_problems(&root, schemas);
        let (conventions, headings) = prose::with_headings(&text(info, "description"));
        let mut groups: Vec<Group> = items(&root, "tags")
            .map(|tag| Group {
                name: text(tag, "name"),
                about: prose::html(&text(tag, "description")),
                operations: Vec::new(),
            })
            .collect();
        for (path, methods) in entries(&root, "paths") {
            for (method, operation) in methods.as_mapping().into_iter().flatten() {
                let tag = items(operation, "tags").next().and_then(Value::as_str).unwrap_or_default();
                if let (Some(group), Some(method)) =
                    (groups.iter_mut().find(|group| group.name == tag), method.as_str())
                {
                    group.operations.push(read_operation(schemas, &common, path, method, operation));
                }
            }
        }
        let shapes = schemas
            .objects()
            .map(|(name, schema)| Shape {
                name: name.to_owned(),
                about: prose::html(&text(schema, "description")),
                fields: schemas.fields(schema),
            })
            .collect();
        Ok(Self {
            title: text(info, "title"),
            version: text(info, "version"),
            summary: text(info, "summary"),
            conventions,
            headings,
            groups,
            shapes,
            problems: common,
        })
    }
}

/// The problems that at least [`COMMON`] operations answer with, by status.
fn common_problems(root: &Value, schemas: Schemas<'_>) -> Vec<CommonProblem> {
    let mut used: BTreeMap<(&str, &str), (usize, &Value)> = BTreeMap::new();
    let operations = entries(root, "paths").flat_map(|(_, methods)| methods.as_mapping().into_iter().flatten());
    for (_, operation) in operations {
        for (status, response) in entries(operation, "responses") {
            if let Some(name) = component(response).filter(|_| is_problem(status, schemas.followed(response))) {
                used.entry((status, name)).or_insert((0, response)).0 += 1;
            }
        }
    }
    let common = used.into_iter().filter(|(_, (times, _))| *times >= COMMON);
    let read = |((status, name), (_, response)): ((&str, &str), (usize, &Value))| CommonProblem {
        name: name.to_owned(),
        problem: read_problem(schemas, status, schemas.followed(response)),
    };
    common.map(read).collect()
}

/// Whether an answer is a problem rather than a page or a success.
fn is_problem(status: &str, response: &Value) -> bool {
    status >= "400" && !entries(response, "content").any(|(media, _)| media == "text/html")
}

/// The name of the component that a reference leads to.
fn component(value: &Value) -> Option<&str> {
    value.get("$ref").and_then(Value::as_str)?.rsplit('/').next()
}

fn read_operation(
    schemas: Schemas<'_>,
    common: &[CommonProblem],
    path: &str,
    method: &str,
    operation: &Value,
) -> Operation {
    let mut answers = Vec::new();
    let mut problems = Vec::new();
    let mut shared = Vec::new();
    for (status, given) in entries(operation, "responses") {
        let response = schemas.followed(given);
        let of_many = component(given).and_then(|name| common.iter().find(|one| one.name == name));
        if let Some(one) = of_many {
            shared.push(one.clone());
        } else if is_problem(status, response) {
            problems.push(read_problem(schemas, status, response));
        } else {
            answers.push(read_answer(schemas, status, response));
        }
    }
    Operation {
        id: text(operation, "operationId"),
        method: method.to_uppercase(),
        path: segments(path),
        summary: text(operation, "summary"),
        about: prose::html(&text(operation, "description")),
        who: who(operation),
        parameters: items(operation, "parameters").map(|given| read_parameter(schemas, given)).collect(),
        body: operation.get("requestBody").and_then(|body| read_body(schemas, body)),
        answers,
        problems,
        common: shared,
    }
}

/// Who may call, as far as `security` says it; the description tells the role.
fn who(operation: &Value) -> &'static str {
    match operation.get("security").and_then(Value::as_sequence).map(Vec::as_slice) {
        None => "Signed in",
        Some([]) => "Anybody",
        Some(_) => "Anybody; members see more",
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for piece in path.split_inclusive('}') {
        let (plain, given) = piece.split_once('{').map_or((piece, None), |(plain, given)| (plain, Some(given)));
        segments.push(Segment { text: plain.to_owned(), given: false });
        segments.extend(given.map(|given| Segment { text: format!("{{{given}"), given: true }));
    }
    segments.retain(|segment| !segment.text.is_empty());
    segments
}

fn read_parameter(schemas: Schemas<'_>, given: &Value) -> Parameter {
    let parameter = schemas.followed(given);
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    Parameter {
        place: text(parameter, "in"),
        field: Field {
            name: text(parameter, "name"),
            required: parameter.get("required").and_then(Value::as_bool).unwrap_or(false),
            kind: schemas.kind(schema),
            default: schema.get("default").map(json_text),
            about: prose::html(&text(parameter, "description")),
        },
        example: parameter.get("example").map(plain),
    }
}

fn read_body(schemas: Schemas<'_>, body: &Value) -> Option<Body> {
    let (media, content) = entries(body, "content").next()?;
    let schema = schemas.followed(content.get("schema")?);
    Some(Body {
        media: media.to_owned(),
        required: body.get("required").and_then(Value::as_bool).unwrap_or(false),
        about: prose::html(&text(schema, "description")),
        fields: schemas.fields(schema),
        examples: read_examples(schemas, content),
    })
}

fn read_answer(schemas: Schemas<'_>, status: &str, response: &Value) -> Answer {
    let content = entries(response, "content").next();
    Answer {
        status: status.to_owned(),
        about: prose::html(&text(response, "description")),
        media: content.map(|(media, _)| media.to_owned()),
        kind: content
            .filter(|(media, _)| *media == "application/json")
            .and_then(|(_, content)| content.get("schema"))
            .map(|schema| schemas.kind(schema)),
        // The request's id is on every answer, and the conventions say so.
        headers: entries(response, "headers")
            .map(|(name, _)| name.to_owned())
            .filter(|name| name != "X-Request-Id")
            .collect(),
        examples: content.map(|(_, content)| read_examples(schemas, content)).unwrap_or_default(),
    }
}

fn read_problem(schemas: Schemas<'_>, status: &str, response: &Value) -> Problem {
    let examples = entries(response, "content").flat_map(|(_, content)| entries(content, "examples"));
    let mut codes: Vec<String> = Vec::new();
    for (_, example) in examples {
        let code = schemas.followed(example).get("value").map(|value| text(value, "code")).unwrap_or_default();
        if !code.is_empty() && !codes.contains(&code) {
            codes.push(code);
        }
    }
    Problem { status: status.to_owned(), about: prose::html(&text(response, "description")), codes }
}

fn read_examples(schemas: Schemas<'_>, content: &Value) -> Vec<Example> {
    let example = |(name, example): (&str, &Value)| {
        let example = schemas.followed(example);
        let summary = text(example, "summary");
        let title = if summary.is_empty() { name.replace('_', " ") } else { summary };
        Example { title, text: example.get("value").map(plain).unwrap_or_default() }
    };
    entries(content, "examples").map(example).collect()
}

/// A value as a person would send it: text as it is, all else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| serde_json::to_string_pretty(value).unwrap_or_default(), str::to_owned)
}

/// The entries of a mapping inside `value`; none where there is no such mapping.
pub fn entries<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v str, &'v Value)> + use<'v> {
    let mapping = value.get(name).and_then(Value::as_mapping);
    mapping.into_iter().flatten().filter_map(|(name, value)| Some((name.as_str()?, value)))
}

/// The items of a sequence inside `value`; none where there is no such sequence.
pub fn items<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(name).and_then(Value::as_sequence).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_callers_to_fill_in_stands_out() {
        let path: Vec<_> = segments("/v1/offers/{offer_id}/accept").into_iter().map(|s| (s.text, s.given)).collect();
        let expect = [("/v1/offers/", false), ("{offer_id}", true), ("/accept", false)];
        assert_eq!(path, expect.map(|(text, given)| (text.to_owned(), given)));
        assert_eq!(segments("/healthz").len(), 1);
    }
}
