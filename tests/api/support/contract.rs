//! Holds every answer that a test receives against openapi.yaml, so that each story is a test of the contract too.
//!
//! Checked are: that the operation and its status are documented, each header that the contract requires or describes,
//! the media type, the body against its schema (formats included), and what a schema cannot say of a problem. A request
//! that was answered with success must itself be one that the contract allows.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use rostrum::service::code::Code;
use serde_json::{Map, Value, json};

/// The contract's text.
pub const TEXT: &str = include_str!("../../../openapi.yaml");

const METHODS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

/// openapi.yaml, read.
pub struct Contract {
    operations: Vec<Operation>,
    components: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// One operation of the contract.
#[derive(Debug)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// In capitals.
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// Whether it takes no token at all.
    pub public: bool,
    query: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
}

/// A request and its answer.
#[derive(Debug)]
pub struct Exchange<'e> {
    /// In capitals.
    pub method: &'e str,
    /// The path with its query.
    pub target: &'e str,
    /// The request's media type and body.
    pub sent: Option<(&'e str, &'e [u8])>,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers, their names in lower case.
    pub headers: &'e [(String, String)],
    /// The answer's body.
    pub body: &'e [u8],
}

/// The contract.
pub fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(Contract::read)
}

impl Contract {
    fn read() -> Self {
        let document: Value = serde_yaml_ng::from_str(TEXT).unwrap();
        let components = document["components"].clone();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                let shared = item.get("parameters").and_then(Value::as_array).into_iter().flatten();
                let own = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
                let query = shared
                    .chain(own)
                    .map(|parameter| resolve(&components, parameter).clone())
                    .filter(|parameter| parameter["in"] == "query");
                let responses = operation["responses"].as_object().unwrap().iter();
                operations.push(Operation {
                    id: operation["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    public: operation.get("security").is_some_and(|security| security == &json!([])),
                    query: query.collect(),
                    body: operation.get("requestBody").map(|body| resolve(&components, body).clone()),
                    responses: responses
                        .map(|(status, response)| (status.clone(), resolve(&components, response).clone()))
                        .collect(),
                });
            }
        }
        // `/v1/sessions/end` before `/v1/sessions/{id}`, were there such a one.
        operations.sort_by_key(|operation| operation.path.matches('{').count());
        Self { operations, components, validators: Mutex::default() }
    }

    /// All operations.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation that answers `method` at `path`.
    pub fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.method == method && fits(&operation.path, path))
    }

    /// Panics, with all there is to say, when the exchange is not one that the contract allows.
    pub fn check(&self, exchange: &Exchange<'_>) {
        let mut faults = Vec::new();
        let path = exchange.target.split('?').next().unwrap_or_default();
        match self.find(exchange.method, path) {
            Some(operation) => self.judge(operation, exchange, &mut faults),
            None => self.judge_unknown(path, exchange, &mut faults),
        }
        if exchange.header("content-type").is_some_and(|kind| kind.starts_with("application/problem+json")) {
            judge_problem(path, exchange, &mut faults);
        }
        assert!(faults.is_empty(), "{}", complaint(exchange, &faults));
    }

    /// Holds every example against its schema; answers how many there were.
    pub fn check_examples(&self) -> usize {
        let mut seen = 0;
        for operation in &self.operations {
            let responses = operation.responses.iter().map(|(status, response)| (status.as_str(), response));
            for (place, part) in responses.chain(operation.body.iter().map(|body| ("its request", body))) {
                for media in part.get("content").and_then(Value::as_object).into_iter().flat_map(Map::values) {
                    for (name, example) in media["examples"].as_object().into_iter().flatten() {
                        let value = &resolve(&self.components, example)["value"];
                        let faults = self.violations(&media["schema"], value);
                        assert!(faults.is_empty(), "{}, {place}, example {name}: {faults:#?}", operation.id);
                        seen += 1;
                    }
                }
            }
        }
        seen
    }

    fn judge(&self, operation: &Operation, exchange: &Exchange<'_>, faults: &mut Vec<String>) {
        if (200..400).contains(&exchange.status) {
            self.judge_request(operation, exchange, faults);
        }
        let Some(response) = operation.responses.get(&exchange.status.to_string()) else {
            let known: Vec<_> = operation.responses.keys().collect();
            faults.push(format!("{} may not answer {}; documented are {known:?}", operation.id, exchange.status));
            return;
        };
        self.judge_headers(response, exchange, faults);
        let Some(content) = response.get("content").and_then(Value::as_object) else {
            if !exchange.body.is_empty() {
                faults.push("the answer has a body, the contract has none".to_owned());
            }
            return;
        };
        let given = exchange.header("content-type").unwrap_or("none");
        let Some((kind, media)) = content.iter().find(|(kind, _)| kind.as_str() == essence(given)) else {
            faults.push(format!("the media type is {given}, documented are {:?}", content.keys().collect::<Vec<_>>()));
            return;
        };
        if operation.method == "HEAD" {
            if !exchange.body.is_empty() {
                faults.push("an answer to HEAD has a body".to_owned());
            }
        } else if let Some(schema) = media.get("schema") {
            match value_of(kind, exchange.body) {
                Ok(value) => faults.extend(self.violations(schema, &value)),
                Err(fault) => faults.push(fault),
            }
        }
    }

    /// What is no operation: an unknown address, or a method that it does not take.
    fn judge_unknown(&self, path: &str, exchange: &Exchange<'_>, faults: &mut Vec<String>) {
        let known: Vec<_> = self.operations.iter().filter(|operation| fits(&operation.path, path)).collect();
        let expected = if known.is_empty() { 404 } else { 405 };
        if exchange.status != expected && exchange.status != 400 {
            faults.push(format!("this is no operation of the contract, so the answer must be {expected}"));
        }
        if exchange.status == 405 {
            let allow = exchange.header("allow").unwrap_or_default();
            if let Some(missing) = known.iter().find(|operation| !allow.contains(&operation.method)) {
                faults.push(format!("Allow is {allow:?}, without {}", missing.method));
            }
        }
        if exchange.method != "HEAD" {
            match value_of("application/problem+json", exchange.body) {
                Ok(value) => faults.extend(self.violations(&json!({ "$ref": "#/components/schemas/Problem" }), &value)),
                Err(fault) => faults.push(fault),
            }
        }
    }

    fn judge_request(&self, operation: &Operation, exchange: &Exchange<'_>, faults: &mut Vec<String>) {
        let query = exchange.target.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            if !operation.query.iter().any(|parameter| parameter["name"] == name) {
                faults.push(format!("the query parameter {name:?} is not documented and yet was taken"));
            }
        }
        match (&operation.body, exchange.sent) {
            (None, Some((_, body))) if !body.is_empty() => {
                faults.push("a body was taken that is not documented".to_owned());
            }
            (Some(body), None) if body["required"] == true => {
                faults.push("the body was missing, is required and yet was not missed".to_owned());
            }
            (Some(body), Some((kind, sent))) => match body["content"].get(essence(kind)) {
                None => faults.push(format!("a body of type {kind} was taken that is not documented")),
                Some(media) if essence(kind) == "application/json" => match value_of(essence(kind), sent) {
                    Ok(value) => {
                        let wrong = self.violations(&media["schema"], &value);
                        faults.extend(wrong.into_iter().map(|fault| format!("a wrong request was taken: {fault}")));
                    }
                    Err(fault) => faults.push(format!("a wrong request was taken: {fault}")),
                },
                Some(_) => {}
            },
            _ => {}
        }
    }

    fn judge_headers(&self, response: &Value, exchange: &Exchange<'_>, faults: &mut Vec<String>) {
        let empty = Map::new();
        let documented = response.get("headers").and_then(Value::as_object).unwrap_or(&empty);
        for (name, header) in documented {
            let header = resolve(&self.components, header);
            match exchange.header(&name.to_lowercase()) {
                None if header["required"] == true => faults.push(format!("the header {name} is missing")),
                None => {}
                Some(given) => {
                    let number = given.parse::<i64>().map(Value::from).ok();
                    let value = number.filter(|_| header["schema"]["type"] == "integer").unwrap_or(json!(given));
                    let wrong = self.violations(&header["schema"], &value);
                    faults.extend(wrong.into_iter().map(|fault| format!("the header {name}: {fault}")));
                }
            }
        }
        for name in ["ETag", "Location", "Last-Modified", "Idempotent-Replayed", "Retry-After", "WWW-Authenticate"] {
            let given = exchange.header(&name.to_lowercase());
            if given.is_some() && !documented.keys().any(|known| known.eq_ignore_ascii_case(name)) {
                faults.push(format!("the header {name} is sent and not documented"));
            }
        }
    }

    fn violations(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validator(schema);
        validator
            .iter_errors(value)
            .map(|error| format!("at {:?}: {}", error.instance_path().to_string(), shortened(&error.to_string())))
            .collect()
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let known = validators.entry(schema.to_string()).or_insert_with(|| {
            let whole = json!({ "allOf": [schema], "components": { "schemas": self.components["schemas"] } });
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
            Arc::new(options.should_validate_formats(true).build(&whole).unwrap())
        });
        Arc::clone(known)
    }
}

impl Exchange<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// What no schema can say of a problem: that its members agree with the answer that carries it.
fn judge_problem(path: &str, exchange: &Exchange<'_>, faults: &mut Vec<String>) {
    let Ok(problem) = serde_json::from_slice::<Value>(exchange.body) else { return };
    let mut agree = |what: &str, found: &Value, expected: Value| {
        if *found != expected {
            faults.push(format!("the problem's {what} is {found}, and should be {expected}"));
        }
    };
    agree("status", &problem["status"], exchange.status.into());
    match ["/o/", "/p/", "/day/", "/door/", "/sign-in/", "/feeds/volunteers/"]
        .iter()
        .find(|secret| path.starts_with(**secret))
    {
        // What follows is a secret, and a problem may end in a log.
        Some(public) => agree("instance", &problem["instance"], format!("{public}***").into()),
        None => agree("instance", &problem["instance"], path.chars().take(1000).collect::<String>().into()),
    }
    agree("request_id", &problem["request_id"], exchange.header("x-request-id").into());
    let code = problem["code"].as_str().unwrap_or_default();
    let Some(known) = Code::ALL.iter().find(|known| known.as_str() == code) else {
        faults.push(format!("{code:?} is no code of ours"));
        return;
    };
    agree("status by its code", &problem["status"], known.status().into());
    agree("title", &problem["title"], known.title().into());
    if !problem["type"].as_str().unwrap_or_default().ends_with(&format!("/problems/{code}")) {
        faults.push(format!("the problem's type is {}", problem["type"]));
    }
    if (code == "invalid_fields") != problem.get("errors").is_some() {
        faults.push("`errors` stands in invalid_fields and nowhere else".to_owned());
    }
    if exchange.status >= 500 && exchange.status != 503 {
        faults.push("no test may meet a fault on our side".to_owned());
    }
}

/// What stands at `$ref`, if there is one.
fn resolve<'v>(components: &'v Value, value: &'v Value) -> &'v Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.strip_prefix("#/components").unwrap();
            components.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
        None => value,
    }
}

/// Whether `path` is an address of `template`. A parameter may have a fixed ending: `{token}.ics`.
fn fits(template: &str, path: &str) -> bool {
    let (mut templates, mut parts) = (template.split('/'), path.split('/'));
    loop {
        match (templates.next(), parts.next()) {
            (None, None) => return true,
            (Some(template), Some(part)) => match template.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                Some((_, ending)) if part.len() > ending.len() && part.ends_with(ending) => {}
                None if template == part => {}
                _ => return false,
            },
            _ => return false,
        }
    }
}

/// A media type without its parameters.
fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

fn value_of(kind: &str, body: &[u8]) -> Result<Value, String> {
    if kind.ends_with("json") {
        serde_json::from_slice(body).map_err(|fault| format!("the body is not JSON: {fault}"))
    } else {
        String::from_utf8(body.to_vec()).map(Value::from).map_err(|_| "the body is not UTF-8".to_owned())
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(400).collect()
}

fn complaint(exchange: &Exchange<'_>, faults: &[String]) -> String {
    let mut text = format!("{} {} was answered {}\n", exchange.method, shortened(exchange.target), exchange.status);
    for fault in faults {
        let _ = writeln!(text, "  - {fault}");
    }
    if let Some((_, sent)) = exchange.sent {
        let _ = writeln!(text, "  sent: {}", shortened(&String::from_utf8_lossy(sent)));
    }
    let _ = writeln!(text, "  answer: {}", shortened(&String::from_utf8_lossy(exchange.body)));
    for (name, value) in exchange.headers {
        let _ = writeln!(text, "  {name}: {value}");
    }
    text
}

#[test]
fn templates_fit_addresses() {
    let check = |template: &str, path: &str, expect: bool| {
        assert_eq!(fits(template, path), expect, "{template} and {path}");
    };
    check("/v1/me", "/v1/me", true);
    check("/v1/me", "/v1/me/", false);
    check("/v1/offers/{offer_id}/accept", "/v1/offers/7/accept", true);
    check("/v1/offers/{offer_id}", "/v1/offers/", false);
    check("/feeds/volunteers/{token}.ics", "/feeds/volunteers/abc.ics", true);
    check("/feeds/volunteers/{token}.ics", "/feeds/volunteers/.ics", false);
    check("/feeds/volunteers/{token}.ics", "/feeds/volunteers/abc", false);
}
