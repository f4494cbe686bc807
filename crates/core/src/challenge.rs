//! The challenges of `WWW-Authenticate` in a 401 response (RFC 9110 §11.6.1).
//!
//! The header is a list of challenges, and each challenge has a list of parameters. Both use commas, so only what follows a
//! word tells its meaning. Parsing is lenient: invalid parts are skipped, and the valid ones are returned. Existing crates
//! reject the whole header in that case, or do not support the token68 credentials of `Negotiate`.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// A challenge: a scheme and its parameters.
///
/// `Debug` shows the names of the parameters without their values, which come from the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge<'h> {
    scheme: &'h str,
    parameters: Vec<(&'h str, Cow<'h, str>)>,
}

impl<'h> Challenge<'h> {
    /// Parses the challenges in the headers of a response, in their order.
    ///
    /// ```
    /// use auth0_core::challenge::Challenge;
    /// use auth0_core::http::{HeaderMap, HeaderValue};
    ///
    /// let mut headers = HeaderMap::new();
    /// let value = HeaderValue::from_static(r#"Bearer, DPoP error="use_dpop_nonce", algs="ES256""#);
    /// headers.insert("www-authenticate", value);
    /// let challenges = Challenge::all(&headers);
    /// assert!(challenges[0].is("bearer"));
    /// assert_eq!(challenges[1].parameter("error"), Some("use_dpop_nonce"));
    /// ```
    pub fn all(headers: &'h HeaderMap) -> Vec<Self> {
        let mut challenges = Vec::new();
        for value in headers.get_all(WWW_AUTHENTICATE) {
            if let Ok(text) = value.to_str() {
                ChallengeParser { rest: text }.parse_into(&mut challenges);
            }
        }
        challenges
    }

    /// Whether the scheme is `scheme`, ignoring case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// Returns the scheme as written by the server.
    pub fn scheme(&self) -> &str {
        self.scheme
    }

    /// Returns the value of a parameter without its quotes. Ignores the case of the name; the first occurrence counts.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("Challenge")
            .field("scheme", &self.scheme)
            .field("parameters", &names)
            .finish()
    }
}

/// Parses a header; `rest` is the remaining text.
struct ChallengeParser<'h> {
    rest: &'h str,
}

impl<'h> ChallengeParser<'h> {
    fn parse_into(mut self, challenges: &mut Vec<Challenge<'h>>) {
        // A scheme of an earlier header takes no parameters from this one.
        let first = challenges.len();
        let mut follows_scheme = false;
        loop {
            self.skip_white_space();
            if self.take(',') {
                follows_scheme = false;
                continue;
            }
            let word = self.word();
            if word.is_empty() {
                // Invalid syntax. Quoted text is skipped as a whole, so that its content is not parsed.
                if self.quoted().is_none() && self.next().is_none() {
                    return;
                }
                continue;
            }
            self.skip_white_space();
            if self.take('=') {
                let value = self.value();
                if let (Some(challenge), Some(value), true) =
                    (challenges[first..].last_mut(), value, is_token(word))
                {
                    challenge.parameters.push((word, value));
                }
                follows_scheme = false;
            } else if follows_scheme || !is_token(word) {
                // token68 credentials, such as those of `Negotiate`.
                follows_scheme = false;
            } else {
                challenges.push(Challenge {
                    scheme: word,
                    parameters: Vec::new(),
                });
                follows_scheme = true;
            }
        }
    }

    fn value(&mut self) -> Option<Cow<'h, str>> {
        self.skip_white_space();
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let word = self.word();
        (!word.is_empty()).then_some(Cow::Borrowed(word))
    }

    /// Parses a quoted string. An unterminated one consumes the rest and yields `None`.
    fn quoted(&mut self) -> Option<Cow<'h, str>> {
        let text = self.rest.strip_prefix('"')?;
        let mut unescaped = None::<String>;
        let mut characters = text.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &text[at + 1..];
                    return Some(unescaped.map_or(Cow::Borrowed(&text[..at]), Cow::Owned));
                }
                '\\' => {
                    let unescaped = unescaped.get_or_insert_with(|| text[..at].to_owned());
                    unescaped.extend(characters.next().map(|(_, escaped)| escaped));
                }
                other => unescaped.iter_mut().for_each(|text| text.push(other)),
            }
        }
        self.rest = "";
        None
    }

    /// Parses a token (RFC 9110 §5.6.2) or token68, which may contain a slash.
    fn word(&mut self) -> &'h str {
        let is_other = |character| !is_token_character(character) && character != '/';
        let end = self.rest.find(is_other).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn skip_white_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, character: char) -> bool {
        let rest = self.rest.strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }
}

fn is_token(word: &str) -> bool {
    !word.contains('/')
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let value = |text: &&str| (WWW_AUTHENTICATE, HeaderValue::from_str(text).unwrap());
        values.iter().map(value).collect()
    }

    /// The parsed challenges as text.
    fn read(values: &[&str]) -> String {
        let headers = headers(values);
        let challenges = Challenge::all(&headers).into_iter().map(|challenge| {
            let parameters = challenge.parameters.iter();
            let parameters = parameters.map(|(name, value)| format!(" {name}={value}"));
            format!("[{}{}]", challenge.scheme, parameters.collect::<String>())
        });
        challenges.collect()
    }

    #[test]
    fn each_challenge_has_its_own_parameters() {
        // RFC 9110 §11.6.1.
        assert_eq!(
            read(&[
                r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#
            ]),
            r#"[Basic realm=simple][Newauth realm=apps type=1 title=Login to "apps"]"#
        );
        // RFC 9449 §7.1 and §9.
        assert_eq!(
            read(&[
                r#"DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256""#
            ]),
            "[DPoP error=invalid_token error_description=Invalid DPoP key binding algs=ES256]"
        );
        assert_eq!(
            read(&[
                r#"Bearer realm="a""#,
                r#"dpop ERROR = use_dpop_nonce , algs="ES256 PS256""#
            ]),
            "[Bearer realm=a][dpop ERROR=use_dpop_nonce algs=ES256 PS256]"
        );
        assert_eq!(
            read(&[r#"Bearer, DPoP algs="ES256", Negotiate"#]),
            "[Bearer][DPoP algs=ES256][Negotiate]"
        );
    }

    #[test]
    fn token68_is_neither_scheme_nor_parameter() {
        assert_eq!(
            read(&[r#"Negotiate YII/aGVs+bG8==, DPoP error="e", Other DPoP, Next a=b"#]),
            "[Negotiate][DPoP error=e][Other][Next a=b]"
        );
    }

    #[test]
    fn quoted_text_is_not_parsed() {
        assert_eq!(
            read(&[r#"Bearer realm="x, DPoP error=\"use_dpop_nonce\"", error="invalid_token""#]),
            r#"[Bearer realm=x, DPoP error="use_dpop_nonce" error=invalid_token]"#
        );
        assert_eq!(
            read(&[r#""DPoP error=use_dpop_nonce", Bearer"#]),
            "[Bearer]"
        );
    }

    #[test]
    fn invalid_syntax_is_skipped() {
        assert_eq!(read(&[""]), "");
        assert_eq!(read(&[", ,,  ,"]), "");
        assert_eq!(read(&["error=use_dpop_nonce"]), "");
        assert_eq!(
            read(&["DPoP", "error=use_dpop_nonce"]),
            "[DPoP]",
            "a separate header"
        );
        assert_eq!(
            read(&[r#"DPoP error="use_dpop_nonce"#]),
            "[DPoP]",
            "an unterminated quote"
        );
        assert_eq!(read(&["DPoP error=, algs=ES256"]), "[DPoP algs=ES256]");
        assert_eq!(read(&["@ DPoP (error=a), x=y"]), "[DPoP error=a x=y]");
        assert_eq!(read(&[r#"DPoP error="\"#]), "[DPoP]");
    }

    #[test]
    fn debug_output_shows_no_value() {
        let headers = headers(&[r#"DPoP error="planted""#]);
        assert_eq!(
            format!("{:?}", Challenge::all(&headers)),
            r#"[Challenge { scheme: "DPoP", parameters: ["error"] }]"#
        );
    }

    proptest! {
        #[test]
        fn any_header_parses_without_panic_and_valid_challenges_round_trip(
            noise in r#"[ -~\t]{0,60}"#, value in r#"[ -~]{0,20}"#,
        ) {
            read(&[&noise]);
            let quoted = value.replace('\\', r"\\").replace('"', "\\\"");
            let headers = headers(&[&format!(r#"A x="{quoted}", DPoP error="{quoted}""#)]);
            let challenges = Challenge::all(&headers);
            prop_assert_eq!(challenges.len(), 2);
            prop_assert_eq!(challenges[1].parameter("error"), Some(value.as_str()));
        }
    }
}
