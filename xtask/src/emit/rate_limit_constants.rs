//! Rate limit plans (`limits.rs` of a generated crate): a constant per plan, for `auth0_core::Limiter`.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::names;
use crate::rate_limit_plans::{Allowance, Count, PlanName, RateLimitPlan, Rates};

/// The module; `None` if no plans are listed.
pub(crate) fn emit(plans: &BTreeMap<PlanName, RateLimitPlan>) -> Option<TokenStream> {
    if plans.is_empty() {
        return None;
    }
    let constants = plans.iter().map(|(name, plan)| constant(name, plan));
    Some(quote! {
        //! The published rate limit plans, for a [`Limiter`](crate::Limiter).
        //!
        //! A plan states what the server allows. A limiter subtracts the headroom that it leaves to other clients.

        use auth0_core::{Limits, Rate};

        #(#constants)*
    })
}

fn constant(name: &PlanName, plan: &RateLimitPlan) -> TokenStream {
    let ident = names::ident(&name.as_str().replace('-', "_").to_ascii_uppercase());
    let title = format!(" The plan `{}`.", name.as_str());
    let mut limits = format!(" Per tenant: {}.", text(&plan.tenant));
    let tenant = rates(&plan.tenant);
    let tenant = match plan.tenant.rates {
        Rates::Each { .. } => quote!(new(#tenant)),
        Rates::Both(_) => quote!(shared(#tenant)),
    };
    let organization = plan.organization.map(|organization| {
        let organization = Allowance::from(organization);
        limits += &format!(" Per organization: {}.", text(&organization));
        let rates = rates(&organization);
        quote!(.organization(#rates))
    });
    quote! {
        #[doc = #title]
        #[doc = ""]
        #[doc = #limits]
        pub const #ident: Limits = Limits::#tenant #organization;
    }
}

fn rates(allowance: &Allowance) -> TokenStream {
    let burst = allowance.burst.map(|burst| {
        let burst = proc_macro2::Literal::u32_unsuffixed(burst.get());
        quote!(.burst(#burst))
    });
    let rate = |count: Count| {
        let count = proc_macro2::Literal::u32_unsuffixed(count.get());
        quote!(Rate::per_second(#count) #burst)
    };
    match allowance.rates {
        Rates::Each { read, write } => {
            let (read, write) = (rate(read), rate(write));
            quote!(#read, #write)
        }
        Rates::Both(both) => rate(both),
    }
}

fn text(allowance: &Allowance) -> String {
    let number = |count: Count, what: &str| match count.get() {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let (mut text, each) = match allowance.rates {
        Rates::Each { read, write } => (
            format!(
                "{} and {} per second",
                number(read, "read"),
                number(write, "write")
            ),
            " of each",
        ),
        Rates::Both(both) => (
            format!(
                "{} per second, reads and writes together",
                number(both, "request")
            ),
            "",
        ),
    };
    if let Some(burst) = allowance.burst {
        text += &format!(", with a burst of {}{each}", burst.get());
    }
    text
}
