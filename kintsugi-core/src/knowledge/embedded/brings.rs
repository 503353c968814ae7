//! What program text brings in that reaches beyond this machine: libraries of services, libraries that send requests, keys out of the
//! environment. A text that names this machine brings none.

use super::lex::{Part, Token};
use super::mocked::Mocked;
use super::stand_ins::{all_here, is_here};

/// Libraries that speak to a service, by the first part of the name under which code brings them in; in order.
///
/// Sources: the libraries' own documentation, 2025.
const LIBRARIES: &[&str] = &[
    "@atlassian",
    "@auth0",
    "@aws-sdk",
    "@azure",
    "@clickhouse",
    "@cloudflare",
    "@datadog",
    "@discordjs",
    "@elastic",
    "@google-cloud",
    "@hubspot",
    "@kubernetes",
    "@linear",
    "@mailchimp",
    "@microsoft",
    "@notionhq",
    "@octokit",
    "@okta",
    "@pagerduty",
    "@planetscale",
    "@prisma",
    "@sanity",
    "@sendgrid",
    "@sentry",
    "@shopify",
    "@slack",
    "@solana",
    "@stripe",
    "@supabase",
    "@twilio",
    "@upstash",
    "@vercel",
    "Aws",
    "CouchDB",
    "DBI",
    "Discordrb",
    "Docker",
    "Elasticsearch",
    "Fog",
    "Google::Cloud",
    "LibPQ",
    "Mongo",
    "MongoDB",
    "MySQLdb",
    "Mysql2",
    "O365",
    "Octokit",
    "PG",
    "RMariaDB",
    "RMySQL",
    "RPostgres",
    "Redis",
    "Sequel",
    "Stripe",
    "active_record",
    "adyen",
    "aiobotocore",
    "aiokafka",
    "aiomysql",
    "aiopg",
    "aioredis",
    "airflow",
    "airtable",
    "algoliasearch",
    "alpaca",
    "alpaca_trade_api",
    "anthropic",
    "asana",
    "asyncpg",
    "atlassian",
    "atproto",
    "auth0",
    "aws-sdk",
    "aws-sdk-s3",
    "azure",
    "azure-mgmt",
    "azure.mgmt",
    "bigcommerce",
    "binance",
    "bitcoinlib",
    "botbuilder",
    "boto",
    "boto3",
    "botocore",
    "boxsdk",
    "braintree",
    "buildkite",
    "cassandra",
    "ccxt",
    "celery",
    "chromadb",
    "circleci",
    "clearml",
    "clickhouse_connect",
    "clickhouse_driver",
    "cloudflare",
    "cloudinary",
    "comet_ml",
    "confluent_kafka",
    "consul",
    "contentful",
    "contentful-management",
    "couchdb",
    "cx_Oracle",
    "databricks",
    "datadog",
    "datadog_api_client",
    "digitalocean",
    "discord",
    "discord.js",
    "django",
    "docker",
    "dockerode",
    "drizzle-orm",
    "dropbox",
    "easysnmp",
    "elasticsearch",
    "elasticsearch_dsl",
    "etcd3",
    "etcd3gw",
    "ethers",
    "exchangelib",
    "fabric",
    "facebook_business",
    "firebase",
    "firebase-admin",
    "firebase_admin",
    "fortiosapi",
    "ftplib",
    "github",
    "gitlab",
    "gocardless_pro",
    "google",
    "googleads",
    "googleapiclient",
    "googleapis",
    "grafana_client",
    "gspread",
    "hcloud",
    "hdfs",
    "heroku3",
    "hubspot",
    "huggingface_hub",
    "hvac",
    "ib_insync",
    "ibapi",
    "influxdb",
    "influxdb_client",
    "instagrapi",
    "intercom",
    "ioredis",
    "jenkins",
    "jira",
    "jnpr",
    "jsforce",
    "kafka",
    "kafka-python",
    "kafkajs",
    "kazoo",
    "keystoneauth1",
    "knex",
    "kraken",
    "krakenex",
    "kube",
    "kubernetes",
    "ldap",
    "ldap3",
    "ldapjs",
    "librouteros",
    "libvirt",
    "linear",
    "linode_api4",
    "mailchimp_marketing",
    "mailgun",
    "mailjet_rest",
    "mariadb",
    "mastodon",
    "matrix_client",
    "meilisearch",
    "meraki",
    "messagebird",
    "mikro-orm",
    "minio",
    "mlflow",
    "mongodb",
    "mongoengine",
    "mongoose",
    "motor",
    "msgraph",
    "msrest",
    "mssql",
    "mysql",
    "mysql2",
    "napalm",
    "ncclient",
    "neo4j",
    "neo4j-driver",
    "net/ldap",
    "netmiko",
    "newrelic",
    "nextcord",
    "node-ssh",
    "nodemailer",
    "nomad",
    "nornir",
    "notion_client",
    "novaclient",
    "nutanix",
    "oci",
    "octocrab",
    "odbc",
    "office365",
    "okta",
    "onesignal",
    "openai",
    "opensearchpy",
    "openstack",
    "oracledb",
    "oss2",
    "ovh",
    "panos",
    "paramiko",
    "paypalrestsdk",
    "pdpyras",
    "peewee",
    "pg",
    "pg-promise",
    "pika",
    "pinecone",
    "plaid",
    "plivo",
    "podman",
    "postgres",
    "postmark",
    "praw",
    "prefect",
    "proxmoxer",
    "psycopg",
    "psycopg2",
    "pyVim",
    "pyVmomi",
    "pyairtable",
    "pyeapi",
    "pyhdfs",
    "pykafka",
    "pymongo",
    "pymssql",
    "pymysql",
    "pynetbox",
    "pyodbc",
    "pysftp",
    "pysnmp",
    "python-jenkins",
    "pyvmomi",
    "pyzabbix",
    "qcloud_cos",
    "qdrant_client",
    "qiniu",
    "quickbooks",
    "redis",
    "resend",
    "robin_stocks",
    "routeros_api",
    "runpod",
    "sagemaker",
    "scaleway",
    "scrapli",
    "sendgrid",
    "sentry_sdk",
    "sequelize",
    "servicenow",
    "shopify",
    "simple_salesforce",
    "slack",
    "slack_bolt",
    "slack_sdk",
    "snowflake",
    "softlayer",
    "solana",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
    "square",
    "ssh2",
    "steem",
    "stripe",
    "supabase",
    "teamcity",
    "telebot",
    "telegram",
    "telethon",
    "tencentcloud",
    "todoist_api_python",
    "tortoise",
    "trello",
    "tweepy",
    "twilio",
    "typeorm",
    "typesense",
    "upcloud_api",
    "viem",
    "vmware",
    "vonage",
    "vultr",
    "wandb",
    "weaviate",
    "web3",
    "webdav3",
    "woocommerce",
    "xero_python",
    "zenpy",
    "zoomus",
    "zulip",
];

/// Beginnings of the names of modules of Go and crates of Rust that do.
const MODULES: &[&str] = &[
    "cloud.google.com/go/",
    "google.golang.org/api",
    "github.com/aws/",
    "github.com/Azure/",
    "github.com/digitalocean/",
    "github.com/hetznercloud/",
    "github.com/linode/",
    "github.com/cloudflare/",
    "github.com/hashicorp/",
    "github.com/docker/docker",
    "github.com/google/go-github",
    "github.com/xanzy/go-gitlab",
    "github.com/stripe/",
    "github.com/twilio/",
    "github.com/slack-go/",
    "github.com/bwmarrin/discordgo",
    "github.com/redis/",
    "github.com/jackc/pgx",
    "github.com/IBM/sarama",
    "go.mongodb.org/",
    "gitlab.com/gitlab-org/api",
    "gorm.io/",
    "k8s.io/",
    "sigs.k8s.io/",
    "aws_sdk_",
    "azure_",
    "google_cloud_",
    "rusoto_",
];

/// Libraries that speak to what moves, heats or opens something: controllers, meters, buildings.
const MACHINES: &[&str] = &[
    "BAC0",
    "asyncua",
    "bacpypes",
    "bacpypes3",
    "jsmodbus",
    "minimalmodbus",
    "modbus-serial",
    "node-opcua",
    "nodes7",
    "opcua",
    "pyads",
    "pycomm3",
    "pylogix",
    "pymodbus",
    "snap7",
    "umodbus",
];

/// Libraries that send requests to whatever address they are given.
const REQUESTERS: &[&str] = &[
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "axios",
    "got",
    "ky",
    "superagent",
    "undici",
    "HTTParty",
    "Faraday",
    "RestClient",
    "Excon",
    "HTTP",
    "GuzzleHttp",
    "Http",
    "net/http",
];

/// Most libraries that are told apart.
const LIBRARIES_MAX: usize = 4;

/// What the code brings in that reaches beyond this machine.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four kinds of library, of which a text may bring in any"
)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Brings {
    /// A library that speaks to a service.
    pub(super) clients: bool,
    /// A key or password, out of the environment.
    pub(super) credentials: bool,
    /// A library that sends requests.
    pub(super) requests: bool,
    /// How many libraries that speak to a service.
    pub(super) libraries: usize,
    /// A library that speaks to machines.
    pub(super) machines: bool,
}

impl Brings {
    /// Looks through the tokens of a text.
    pub(super) fn of(tokens: &[Token], mocked: Mocked) -> Self {
        let is_cloud = |name: &str| {
            mocked == Mocked::Cloud && matches!(name, "boto" | "boto3" | "botocore" | "aiobotocore")
        };
        let mut libraries: Vec<&str> = Vec::new();
        let mut found = Self::default();
        for text in tokens.iter().filter_map(said) {
            if libraries.len() < LIBRARIES_MAX
                && let Some(library) = library_of(text)
                && !is_cloud(library)
                && !libraries.contains(&library)
            {
                libraries.push(library);
            }
            found.credentials = found.credentials || is_credential(text);
            found.requests = found.requests || mocked != Mocked::Requests && is_requester(text);
            found.machines = found.machines || is_machine(text);
        }
        found.libraries = libraries.len();
        found.clients = !libraries.is_empty();
        let is_told_here = tokens.iter().any(|token| {
            matches!(token, Token::Text(parts) if parts.iter().any(|part| matches!(part, Part::Text(text) if is_here(text))))
        });
        // Whoever only sends requests says to whom in an address, and all of these are here.
        let is_here = is_told_here && all_here(tokens);
        if is_here && !found.clients {
            found.requests &= asks_environment(tokens);
            found.credentials = false;
        }
        found
    }
}

/// Whether a text takes an address from outside, perhaps.
fn asks_environment(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| {
        matches!(token, Token::Name(name) if matches!(name.as_str(), "environ" | "getenv" | "env" | "ENV" | "argv" | "input" | "stdin" | "open"))
    })
}

/// A name, or what the first plain part of a text says.
fn said(token: &Token) -> Option<&str> {
    match token {
        Token::Name(name) => Some(name),
        Token::Text(parts) => parts.iter().find_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Code(_) | Part::Aside(_) => None,
        }),
        Token::Shell(_)
        | Token::Words(_)
        | Token::Pattern(_)
        | Token::Change(_)
        | Token::Unclear
        | Token::Number(_)
        | Token::Mark(_)
        | Token::Line => None,
    }
}

/// The library that is meant, when the name is that of one or of a part of one.
fn library_of(name: &str) -> Option<&str> {
    // Most names of a text are of none, and this looks at each.
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '@') {
        return None;
    }
    let has_path = name.contains(['/', '_']);
    let first = name.split(['/', ':']).next().unwrap_or(name);
    let module = name.split_once('.').map(|(module, _)| module);
    [Some(first), module]
        .into_iter()
        .flatten()
        .find(|name| LIBRARIES.binary_search(name).is_ok())
        .or_else(|| {
            let mut modules = MODULES.iter().filter(|_| has_path);
            modules.find(|module| name.starts_with(**module)).copied()
        })
}

/// Whether a name is that of a library which speaks to a service.
pub(super) fn is_library(name: &str) -> bool {
    library_of(name).is_some()
}

/// Whether a name is that of a library which speaks to machines.
fn is_machine(name: &str) -> bool {
    let first = name.split(['.', '/']).next().unwrap_or(name);
    MACHINES.contains(&first) || name.starts_with("net/ssh")
}

fn is_requester(name: &str) -> bool {
    let is_listed = |name: &str| REQUESTERS.contains(&name);
    is_listed(name)
        || name
            .split_once(['.', ':', '\\'])
            .is_some_and(|(module, _)| is_listed(module))
}

/// The name of a variable with a key or password: who takes one out of the environment speaks to a service.
fn is_credential(name: &str) -> bool {
    let is_constant = name
        .bytes()
        .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == b'_');
    is_constant
        && name.contains('_')
        && ["TOKEN", "SECRET", "_KEY", "PASSWORD", "_PAT"]
            .iter()
            .any(|kind| name.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::super::mocked::Mocked;
    use super::Brings;
    use crate::knowledge::schema::Language;
    use crate::shell::Budget;

    fn brings(text: &str) -> (bool, bool, bool) {
        let tokens = lex::tokens(text, Language::Python, &mut Budget::new(1_000));
        let found = Brings::of(&tokens, Mocked::Nothing);
        (found.clients, found.credentials, found.requests)
    }

    #[test]
    fn libraries_are_in_the_order_in_which_they_are_searched() {
        assert!(super::LIBRARIES.is_sorted());
    }

    #[test]
    fn what_reaches_beyond_this_machine_is_told_from_what_does_not() {
        assert_eq!(brings("import datadog"), (true, false, false));
        assert_eq!(brings("import requests"), (false, false, true));
        assert_eq!(
            brings("import os; os.environ['API_TOKEN']"),
            (false, true, false)
        );
        for text in [
            "import json",
            "import requests; requests.get('http://localhost:8000/x')",
            "x = MAX_LENGTH",
        ] {
            assert_eq!(brings(text), (false, false, false), "{text}");
        }
    }
}
