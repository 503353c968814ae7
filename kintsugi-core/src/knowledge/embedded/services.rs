//! Calls to what keeps something elsewhere: clouds, clusters, databases, code hosts. Such libraries have thousands of
//! functions, which are not listed; what one of them does is read from its name, when the code brings such a library in.
//!
//! As with programs that no entry describes, everything here is marked [`Modifier::Assumed`], and only adds.

use super::effects::Call;
use super::lex::{Part, Token};
use super::script::Script;
use super::{Embedded, effect};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::lexicon::parts;

/// Libraries that speak to a service, by the first part of the name under which code brings them in; in order.
///
/// Sources: the libraries' own documentation, 2025.
const LIBRARIES: &[&str] = &[
    "@aws-sdk",
    "@azure",
    "@cloudflare",
    "@clickhouse",
    "@elastic",
    "@google-cloud",
    "@kubernetes",
    "@octokit",
    "@planetscale",
    "@prisma",
    "@sendgrid",
    "@slack",
    "@supabase",
    "@upstash",
    "@vercel",
    "CouchDB",
    "DBI",
    "Docker",
    "Elasticsearch",
    "Fog",
    "MongoDB",
    "Mongo",
    "Mysql2",
    "MySQLdb",
    "Octokit",
    "PG",
    "Redis",
    "Sequel",
    "Stripe",
    "active_record",
    "aiobotocore",
    "aiomysql",
    "aiopg",
    "aioredis",
    "airflow",
    "asyncpg",
    "aws-sdk",
    "aws-sdk-s3",
    "azure",
    "boto",
    "boto3",
    "botocore",
    "cassandra",
    "chromadb",
    "clickhouse_connect",
    "clickhouse_driver",
    "cloudflare",
    "cloudinary",
    "confluent_kafka",
    "consul",
    "couchdb",
    "cx_Oracle",
    "databricks",
    "digitalocean",
    "django",
    "docker",
    "dockerode",
    "drizzle-orm",
    "dropbox",
    "elasticsearch",
    "elasticsearch_dsl",
    "etcd3",
    "fabric",
    "firebase-admin",
    "firebase_admin",
    "github",
    "gitlab",
    "google",
    "googleapiclient",
    "googleapis",
    "hcloud",
    "hubspot",
    "huggingface_hub",
    "hvac",
    "influxdb",
    "influxdb_client",
    "ioredis",
    "kafka",
    "kafka-python",
    "kafkajs",
    "keystoneauth1",
    "knex",
    "kubernetes",
    "ldap3",
    "libvirt",
    "linode_api4",
    "mariadb",
    "mikro-orm",
    "minio",
    "mlflow",
    "mongodb",
    "mongoengine",
    "mongoose",
    "motor",
    "mssql",
    "mysql",
    "mysql2",
    "neo4j",
    "neo4j-driver",
    "netmiko",
    "novaclient",
    "oci",
    "opensearchpy",
    "openstack",
    "oracledb",
    "paramiko",
    "peewee",
    "pg",
    "pg-promise",
    "pika",
    "pinecone",
    "plaid",
    "podman",
    "postgres",
    "prefect",
    "proxmoxer",
    "psycopg",
    "psycopg2",
    "pyVmomi",
    "pymongo",
    "pymssql",
    "pymysql",
    "pyodbc",
    "qdrant_client",
    "redis",
    "sendgrid",
    "sequelize",
    "shopify",
    "simple_salesforce",
    "slack_sdk",
    "snowflake",
    "softlayer",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
    "stripe",
    "supabase",
    "tencentcloud",
    "tortoise",
    "tweepy",
    "twilio",
    "typeorm",
    "vultr",
    "wandb",
    "weaviate",
];

/// Verbs of function names by which something is gone or out of service afterwards.
const VERBS: &[&str] = &[
    "batchdelete",
    "cancel",
    "decommission",
    "delete",
    "deregister",
    "destroy",
    "detach",
    "disable",
    "drop",
    "empty",
    "erase",
    "expunge",
    "flush",
    "force",
    "purge",
    "prune",
    "reboot",
    "remove",
    "reset",
    "restore",
    "revoke",
    "rollback",
    "shutdown",
    "stop",
    "suspend",
    "terminate",
    "truncate",
    "wipe",
];

/// Names that say it alone.
const ALONE: &[&str] = &[
    "delete",
    "del",
    "drop",
    "truncate",
    "purge",
    "prune",
    "terminate",
    "unlink",
    "wipe",
    "flushall",
    "flushdb",
    "flushAll",
    "flushDb",
    "deleteMany",
    "recursiveDelete",
    "bulkDelete",
    "dropDatabase",
    "dropCollection",
];

/// Names that mean every record in whatever library.
const ANYWHERE: &[&str] = &[
    "delete_all",
    "destroy_all",
    "drop_all",
    "dropDatabase",
    "drop_database",
    "flushall",
    "flushdb",
    "truncate_all_tables",
];

/// Names that begin like such a verb and concern the program itself, or one record.
const HARMLESS: &[&str] = &[
    "delete_one",
    "deleteOne",
    "findOneAndDelete",
    "find_one_and_delete",
    "delete_message",
    "deleteMessage",
    "remove_listener",
    "removeListener",
    "removeAllListeners",
    "removeEventListener",
    "drop_duplicates",
    "force_str",
    "force_text",
    "force_bytes",
    "remove_prefix",
    "removeprefix",
    "removesuffix",
    "drop_nulls",
    "reset_index",
    "stop_event",
    "reset_queries",
    "flush_all_pending",
    "resetAllMocks",
    "restoreAllMocks",
];

/// Whether the tokens bring in a library that speaks to a service, which no text among them puts on this machine:
/// `endpoint_url='http://localhost:4566'`.
pub(super) fn are_named(tokens: &[Token]) -> bool {
    let is_here = |token: &Token| {
        let Token::Text(parts) = token else {
            return false;
        };
        parts.iter().any(|part| match part {
            Part::Text(text) | Part::Code(text) => {
                text.starts_with("http://localhost") || text.starts_with("http://127.0.0.1")
            }
        })
    };
    brings_library(tokens) && !tokens.iter().any(is_here)
}

fn brings_library(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| match token {
        Token::Name(name) => is_library(name),
        Token::Text(parts) => match parts.as_slice() {
            [Part::Text(text)] => is_library(text.split('.').next().unwrap_or_default()),
            _ => false,
        },
        Token::Shell(_)
        | Token::Words(_)
        | Token::Pattern(_)
        | Token::Change(_)
        | Token::Number(_)
        | Token::Mark(_)
        | Token::Line => false,
    })
}

fn is_library(name: &str) -> bool {
    let first = name.split(['/', ':']).next().unwrap_or(name);
    LIBRARIES.contains(&first)
}

impl Script<'_> {
    /// Notes what a call that is not described does to something elsewhere.
    pub(super) fn assume_call(&mut self, call: &Call<'_>) {
        let last = call.path.rsplit(['.', ':']).next().unwrap_or(call.path);
        if ANYWHERE.contains(&last) {
            let all = Modifiers::NONE.with(Modifier::All);
            self.found
                .push(effect(Action::Delete, Role::Table, last, all));
            return;
        }
        if !self.has_clients || call.path.is_empty() {
            return;
        }
        if matches!(last, "exec_command" | "exec_run" | "sudo" | "send_command") {
            self.found.extend(
                call.argument(0)
                    .alternatives()
                    .into_iter()
                    .map(Embedded::Shell),
            );
            return;
        }
        if let Some(action) = loses(last, call) {
            let with = Modifiers::NONE.with(Modifier::Assumed);
            self.found.push(effect(
                action,
                Role::Resource,
                call.path.trim_start_matches('.'),
                with,
            ));
        }
    }
}

/// What a function does to something elsewhere, by its name and by whether it is given anything.
fn loses(name: &str, call: &Call<'_>) -> Option<Action> {
    if HARMLESS.contains(&name) {
        return None;
    }
    let has_arguments = !call.arguments.is_empty();
    if ALONE.contains(&name)
        // `collection.drop()`, but `frame.drop(columns=…)`.
        && !(name == "drop" && has_arguments)
        || name == "remove" && call.positional().next().is_none()
        || name == "destroy" && has_arguments
    {
        return Some(Action::Delete);
    }
    let mut words = parts(name);
    let first = words.next()?;
    words.next()?;
    match first.as_str() {
        "stop" | "reboot" | "shutdown" | "suspend" | "disable" | "cancel" => {
            Some(Action::StopService)
        }
        verb if VERBS.contains(&verb) => Some(Action::Delete),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::knowledge::schema::Language;
    use crate::shell::{Budget, Word};

    fn losses(language: Language, text: &str) -> Vec<(Action, Role)> {
        let mut budget = Budget::new(100_000);
        let word = Word::text(text, crate::effect::Span::default());
        let found = read(language, &word, &mut budget);
        let effects = found.into_iter().filter_map(|part| match part {
            Embedded::Effect { action, role, .. } => Some((action, role)),
            Embedded::Shell(_)
            | Embedded::Command(_)
            | Embedded::Unknown(_)
            | Embedded::Hidden(_)
            | Embedded::Undescribed(_) => None,
        });
        let mut all: Vec<_> = effects.filter(|(action, _)| action.takes_away()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    #[test]
    fn a_call_of_a_service_is_read_by_its_name() {
        let deletes =
            |all: &[(Action, Role)]| all.iter().any(|(action, _)| *action == Action::Delete);
        for text in [
            "import boto3\nboto3.client('s3').delete_bucket(Bucket='x')",
            "import boto3\nboto3.resource('s3').Bucket('x').object_versions.delete()",
            "import docker; [c.remove(force=True) for c in docker.from_env().containers.list()]",
            "from google.cloud import storage; storage.Client().bucket('x').delete(force=True)",
        ] {
            assert!(deletes(&losses(Language::Python, text)), "{text}");
        }
        for text in [
            "const a=require('aws-sdk'); new a.EC2().terminateInstances({InstanceIds:['i-1']})",
            "const {S3Client,DeleteBucketCommand}=require('@aws-sdk/client-s3');new S3Client({}).send(new DeleteBucketCommand({}))",
            "const c=await require('mongodb').MongoClient.connect(u); await c.db('x').collection('y').drop()",
        ] {
            assert!(deletes(&losses(Language::Javascript, text)), "{text}");
        }
    }

    #[test]
    fn what_only_reads_or_is_of_the_program_itself_is_not() {
        for text in [
            "import boto3\nprint(boto3.client('s3').list_buckets())",
            "import boto3, pandas as pd\npd.DataFrame().drop(columns=['a'])",
            "items.remove(x); delete_everything(x)",
            "import pymongo; pymongo.MongoClient().x.y.find_one({})",
            "import sqlite3; sqlite3.connect('a').execute('select * from deleted')",
        ] {
            assert_eq!(losses(Language::Python, text), vec![], "{text}");
        }
        let text = "const m=require('mongoose'); m.disconnect(); x.on('delete', f)";
        assert_eq!(losses(Language::Javascript, text), vec![], "{text}");
    }
}
