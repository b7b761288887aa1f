//! Requests: which endpoints there are, and what every request carries.

use http::{HeaderValue, Method, Request, header};
use serde::Serialize;

use super::answer::Answer;
use crate::provider::gate::{Call, Gate, Patience};
use crate::provider::{BaseUrl, Credential, ErrorKind, Permit, ProviderError, Transport};
use crate::roster::{Operation, OrganizationId};

/// An endpoint of the API.
#[derive(Debug)]
pub(in crate::provider) struct Endpoint {
    pub(in crate::provider) operation: Operation,
    method: Method,
    /// Method and path template, as messages and counters name it.
    pub(in crate::provider) name: &'static str,
}

impl Endpoint {
    pub(in crate::provider) const fn new(
        operation: Operation,
        method: Method,
        name: &'static str,
    ) -> Self {
        Self {
            operation,
            method,
            name,
        }
    }

    /// The segments of the path, with `ids` in the places of the template.
    fn segments<'a>(&self, ids: &'a [&'a str]) -> Vec<&'a str> {
        let (_, path) = self.name.split_once(" /").unwrap_or_default();
        let mut ids = ids.iter();
        path.split('/')
            .map(|segment| match segment.strip_prefix('{') {
                Some(place) => *ids.next().unwrap_or_else(|| panic!("an id for {place}")),
                None => segment,
            })
            .collect()
    }
}

/// An operation that an adapter has no endpoint for. Plans do not hold such; `Capabilities` says so first.
pub(in crate::provider) fn cannot(operation: Operation) -> ProviderError {
    ProviderError {
        message: Some("this API cannot do it".to_owned()),
        ..ProviderError::new(operation.as_str(), ErrorKind::Rejected)
    }
}

/// What all requests of one adapter share.
#[derive(Debug)]
pub(in crate::provider) struct Api<T> {
    pub(in crate::provider) gate: Gate<T>,
    base: BaseUrl,
    pub(in crate::provider) key: Credential,
    organization: Option<HeaderValue>,
}

impl<T: Transport> Api<T> {
    pub(in crate::provider) fn new(
        gate: Gate<T>,
        base: BaseUrl,
        key: Credential,
        organization: Option<&OrganizationId>,
    ) -> Self {
        let organization = organization.map(|id| {
            HeaderValue::from_bytes(id.as_str().as_bytes())
                .expect("an id has neither white space nor control characters")
        });
        Self {
            gate,
            base,
            key,
            organization,
        }
    }

    /// Reads, with retries; `understand` turns a success into a value or says that it is unreadable.
    pub(in crate::provider) async fn read<V>(
        &self,
        endpoint: &Endpoint,
        ids: &[&str],
        query: &[(&str, &str)],
        patience: Patience,
        understand: impl Fn(Answer) -> Result<V, ProviderError>,
    ) -> Result<V, ProviderError> {
        let call = self.call(endpoint, ids, query, Vec::new());
        self.gate
            .read(&call, patience, |response| {
                understand(Answer::read(endpoint.name, response, &self.key)?)
            })
            .await
    }

    /// Reads one object; `None`: the API says that there is none.
    pub(in crate::provider) async fn retrieve<V>(
        &self,
        endpoint: &Endpoint,
        ids: &[&str],
        understand: impl Fn(Answer) -> Result<V, ProviderError>,
    ) -> Result<Option<V>, ProviderError> {
        let patience = self.gate.patience();
        match self.read(endpoint, ids, &[], patience, understand).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until writes of an operation are admitted; only those of the adapter's own endpoints ever are.
    pub(in crate::provider) async fn admit(
        &self,
        operation: Operation,
        writes: &[&Endpoint],
        wanted: usize,
    ) -> Result<Permit, ProviderError> {
        let endpoint = writes
            .iter()
            .find(|endpoint| endpoint.operation == operation)
            .ok_or_else(|| cannot(operation))?;
        self.gate.admit(operation, endpoint.name, wanted).await
    }

    /// Writes once.
    pub(in crate::provider) async fn write<V>(
        &self,
        endpoint: &Endpoint,
        ids: &[&str],
        body: Option<&impl Serialize>,
        understand: impl Fn(Answer) -> Result<V, ProviderError>,
    ) -> Result<V, ProviderError> {
        let body = body.map_or_else(Vec::new, |body| {
            serde_json::to_vec(body).expect("a struct of texts is JSON")
        });
        let call = self.call(endpoint, ids, &[], body);
        self.gate
            .send_once(&call, |response| {
                understand(Answer::read(endpoint.name, response, &self.key)?)
            })
            .await
    }

    fn call(
        &self,
        endpoint: &Endpoint,
        ids: &[&str],
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Call {
        let has_body = !body.is_empty();
        let mut request = Request::new(body);
        *request.method_mut() = endpoint.method.clone();
        *request.uri_mut() = self.base.join(&endpoint.segments(ids), query);
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.key.header());
        if let Some(organization) = &self.organization {
            headers.insert("openai-organization", organization.clone());
        }
        let json = HeaderValue::from_static("application/json");
        if has_body {
            headers.insert(header::CONTENT_TYPE, json.clone());
        }
        headers.insert(header::ACCEPT, json);
        Call {
            operation: endpoint.operation,
            endpoint: endpoint.name,
            request,
        }
    }
}
