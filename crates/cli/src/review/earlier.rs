//! Comparison with an earlier review, whose rows are read one by one.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::record::Row;
use crate::failure::Failure;

/// The accesses of an earlier review: a few bytes each, whatever their names.
pub(crate) struct Earlier {
    path: PathBuf,
    /// Index of the content and whether the access still exists, by digest of member and tenant.
    accesses: HashMap<u64, (usize, bool)>,
    /// The different contents, of which there are few.
    contents: Vec<Content>,
    /// Whether the member still exists, by digest of the member.
    members: HashMap<u64, bool>,
}

/// What can change: role in the team, roles, applications.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Content(String, Vec<String>, Vec<String>);

impl Content {
    fn of(row: &Row) -> Self {
        Self(
            row.team_role.clone(),
            row.roles.clone(),
            row.client_ids.clone(),
        )
    }
}

impl Earlier {
    /// Reads the JSON of an earlier review.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let (mut accesses, mut members) = (HashMap::new(), HashMap::new());
        let (mut contents, mut indices) = (Vec::new(), HashMap::new());
        rows(path, &mut |row| {
            members.insert(digest(&row.member_id), false);
            let content = Content::of(&row);
            let index = *indices.entry(content.clone()).or_insert_with(|| {
                contents.push(content);
                contents.len() - 1
            });
            accesses.insert(key(&row), (index, false));
            Ok(())
        })?;
        Ok(Self {
            path: path.to_owned(),
            accesses,
            contents,
            members,
        })
    }

    /// Sets the change of a row.
    pub(crate) fn compare(&mut self, row: &mut Row) {
        let member = self.members.get_mut(&digest(&row.member_id));
        let is_known = member.is_some();
        if let Some(exists) = member {
            *exists = true;
        }
        let change = match self.accesses.get_mut(&key(row)) {
            // The row of a member without access: the lost accesses are the change.
            None if row.tenant_id.is_none() && is_known => return,
            None => "added",
            Some((before, exists)) => {
                *exists = true;
                let Content(team_role, roles, _) = match self.contents.get(*before) {
                    Some(before) if *before != Content::of(row) => before,
                    _ => return,
                };
                if *team_role != row.team_role {
                    row.team_role_before = Some(team_role.clone());
                }
                if *roles != row.roles {
                    row.roles_before.clone_from(roles);
                }
                "changed"
            }
        };
        row.change = Some(change.to_owned());
    }

    /// The accesses that no longer exist.
    pub(crate) fn removed(
        &self,
        mut each: impl FnMut(Row) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        rows(&self.path, &mut |row| {
            let access = self.accesses.get(&key(&row));
            let has_member = self.members.get(&digest(&row.member_id)) == Some(&true);
            if access.is_some_and(|(_, exists)| *exists) || row.tenant_id.is_none() && has_member {
                return Ok(());
            }
            each(Row {
                change: Some("removed".to_owned()),
                roles_before: row.roles.clone(),
                roles: Vec::new(),
                findings: Vec::new(),
                team_role_before: None,
                ..row
            })
        })
    }
}

fn key(row: &Row) -> u64 {
    digest(&(&row.member_id, &row.tenant_id))
}

fn digest(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

type Each<'e> = &'e mut dyn FnMut(Row) -> Result<(), Failure>;

/// Reads the rows of a review in JSON. Rows that only record a removal are left out.
fn rows(path: &Path, each: Each<'_>) -> Result<(), Failure> {
    let file =
        File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let mut failure = None;
    let mut reader = serde_json::Deserializer::from_reader(BufReader::new(file));
    let mut checked = |row: Row| {
        if row.change.as_deref() == Some("removed") {
            return Ok(());
        }
        each(row)
    };
    let visitor = Review {
        each: &mut checked,
        failure: &mut failure,
    };
    let result = reader.deserialize_map(visitor);
    if let Some(failure) = failure {
        return Err(failure);
    }
    result.map_err(|error| {
        Failure::usage(format!(
            "{}: expected a review in JSON ({error})",
            path.display()
        ))
    })
}

struct Review<'e> {
    each: Each<'e>,
    failure: &'e mut Option<Failure>,
}

impl<'de> Visitor<'de> for Review<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a review")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut has_rows = false;
        while let Some(name) = map.next_key::<String>()? {
            if name == "rows" {
                has_rows = true;
                map.next_value_seed(Rows(&mut self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if has_rows {
            return Ok(());
        }
        Err(serde::de::Error::missing_field("rows"))
    }
}

struct Rows<'r, 'e>(&'r mut Review<'e>);

impl<'de> DeserializeSeed<'de> for Rows<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element()? {
            if let Err(failure) = (self.0.each)(row) {
                *self.0.failure = Some(failure);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
