//! Shapes of secrets by who issues them and where they stand, and what looks like them and is none. Each is made up.

use super::tokens::one_of_each;
use super::{MASK, redact};

/// Where a token stands.
const PLACES: [&str; 9] = [
    "echo {}",
    "export X='{}'",
    "X=\"{}\" make",
    "curl -H 'X-Custom: {}' https://example.org/",
    "curl 'https://example.org/?q={}&page=2'",
    "git clone https://{}@example.org/u/r.git",
    "curl -d '{\"value\":\"{}\"}' https://example.org/",
    "python -c 'print(\"{}\")'",
    "cat <<EOF\nvalue: {}\nEOF",
];

#[test]
fn one_token_of_each_shape_is_masked_wherever_it_stands() {
    let mut count = 0;
    for seed in 1..4 {
        for token in one_of_each(seed) {
            for place in PLACES {
                let text = place.replacen("{}", &token, 1);
                // A JSON object has braces of its own: the last pair is the place.
                let text = match place.rsplit_once("{}") {
                    Some((before, after)) => format!("{before}{token}{after}"),
                    None => text,
                };
                let shown = redact(&text);
                assert!(!shown.contains(&token), "{text}");
                assert!(shown.contains(MASK), "{text}");
                count += 1;
            }
        }
    }
    assert!(count > 3_000, "{count}");
}

/// A command, and the secret in it.
const SECRETS: [(&str, &str); 100] = [
    (
        "aws configure set aws_secret_access_key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "wJalrXUtnFEMI",
    ),
    (
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG aws s3 ls",
        "wJalrXUtnFEMI",
    ),
    (
        "AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjEJr aws s3 ls",
        "IQoJb3JpZ2luX2VjEJr",
    ),
    (
        "az storage blob list --account-key Zm9vYmFyYmF6",
        "Zm9vYmFyYmF6",
    ),
    (
        "az login --service-principal -u app -p 8Q~abcdefghijk --tenant t",
        "8Q~abcdefghijk",
    ),
    (
        "x 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9vYmFy;EndpointSuffix=core.windows.net'",
        "Zm9vYmFy",
    ),
    (
        "curl 'https://a.blob.core.windows.net/c?sv=2022-11-02&sig=abc%2Fdef%3D'",
        "abc%2Fdef%3D",
    ),
    ("curl -H 'x-goog-api-key: abcd1234' https://x", "abcd1234"),
    (
        "gcloud config set auth/access_token ya29.a0AfH6SMBabcdefghijklmn",
        "a0AfH6SMB",
    ),
    (
        "curl -H 'Authorization: token abcd1234' https://api.github.com",
        "abcd1234",
    ),
    (
        "curl -H 'authorization: bearer abcd1234' https://x",
        "abcd1234",
    ),
    (
        "curl -H 'Proxy-Authorization: Basic dTpw' https://x",
        "dTpw",
    ),
    (
        "curl -H 'X-Vault-Token: abcd1234' https://vault",
        "abcd1234",
    ),
    ("curl -H 'X-Auth-Token: abcd1234' https://x", "abcd1234"),
    (
        "curl -H 'DD-API-KEY: 0123456789abcdef0123456789abcdef' https://x",
        "0123456789abcdef",
    ),
    (
        "curl -H 'Set-Cookie: sid=abcd1234; Path=/' https://x",
        "abcd1234",
    ),
    (
        "curl -b 'session=1' -H 'Cookie: sid=abcd1234' https://x",
        "abcd1234",
    ),
    ("curl --oauth2-bearer abcd1234 https://x", "abcd1234"),
    ("curl -x http://u:hunter2@proxy:3128 https://x", "hunter2"),
    ("wget --user u --password hunter2 https://x", "hunter2"),
    ("http -a u:hunter2 https://x", "hunter2"),
    ("psql 'host=db user=u password=hunter2'", "hunter2"),
    ("psql postgresql://u:hunter2@db:5432/x", "hunter2"),
    (
        "mongosh 'mongodb+srv://u:hunter2@c.example.net/x'",
        "hunter2",
    ),
    ("redis-cli -u redis://:hunter2@cache:6379", "hunter2"),
    ("amqp-publish -u amqps://u:hunter2@mq/vhost", "hunter2"),
    (
        "mount -t cifs //s/x /mnt -o username=u,password=hunter2",
        "hunter2",
    ),
    ("smbclient -U u%hunter2 //s/x", "hunter2"),
    ("xfreerdp /v:host /u:me /p:hunter2", "hunter2"),
    ("ipmitool -H bmc -U root -P hunter2 power status", "hunter2"),
    ("mosquitto_pub -h mq -u u -P hunter2 -t x -m y", "hunter2"),
    (
        "keytool -list -keystore k.jks -storepass hunter2",
        "hunter2",
    ),
    ("openssl enc -aes-256-cbc -k hunter2 -in a", "hunter2"),
    ("openssl rsa -in k -passin pass:hunter2", "hunter2"),
    ("gpg --batch --passphrase hunter2 -d a.gpg", "hunter2"),
    (
        "kubectl create secret generic s --from-literal=db=hunter2",
        "hunter2",
    ),
    (
        "kubectl create secret generic s --from-literal db=hunter2",
        "hunter2",
    ),
    (
        "helm upgrade a b --set auth.rootPassword=hunter2",
        "hunter2",
    ),
    (
        "ansible-playbook p.yml -e ansible_become_password=hunter2",
        "hunter2",
    ),
    ("docker build --build-arg NPM_TOKEN=hunter2 .", "hunter2"),
    ("git config --global github.token hunter2", "hunter2"),
    ("npm config set _authToken hunter2", "hunter2"),
    ("nmcli dev wifi connect x password hunter2", "hunter2"),
    (
        "svn co --username u --password hunter2 https://x",
        "hunter2",
    ),
    (
        "x eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJ4In0.c2lnbmF0dXJl",
        "c2lnbmF0dXJl",
    ),
    (
        "x MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe.abcdefghijklmnopqrstuvwxyz0123456789AB",
        "GabcDe",
    ),
    (
        "x 0123456789abcdef0123456789abcdef-us14",
        "0123456789abcdef",
    ),
    ("mysqldump --user=root --password='hunter2' db", "hunter2"),
    ("mysqladmin -u root -phunter2 shutdown", "hunter2"),
    (
        "echo hunter2 | docker login -u me --password-stdin ghcr.io",
        "hunter2",
    ),
    (
        "printf %s hunter2 | podman login --password-stdin quay.io",
        "hunter2",
    ),
    ("echo hunter2 | gh auth login --with-token", "hunter2"),
    ("echo 'root:hunter2' | chpasswd", "hunter2"),
    (
        "printf hunter2 | cryptsetup luksOpen /dev/sdb1 x",
        "hunter2",
    ),
    (
        "echo hunter2 | gpg --batch --passphrase-fd 0 -d a.gpg",
        "hunter2",
    ),
    ("docker login -u me --password hunter2", "hunter2"),
    ("docker login --password=hunter2 -u me", "hunter2"),
    (
        "kubectl create secret docker-registry r --docker-password=hunter2",
        "hunter2",
    ),
    (
        "kubectl config set-credentials u --token=hunter2",
        "hunter2",
    ),
    ("gh secret set DEPLOY --body hunter2", "hunter2"),
    ("curl -ume:hunter2 https://x", "hunter2"),
    ("curl -sSLu me:hunter2 https://x", "hunter2"),
    ("curl --proxy-user me:hunter2 https://x", "hunter2"),
    (
        "curl -d 'grant_type=password&username=u&password=hunter2' https://x",
        "hunter2",
    ),
    (
        "curl --data-urlencode client_secret=hunter2 https://x",
        "hunter2",
    ),
    ("curl -F token=hunter2 https://x", "hunter2"),
    (
        "curl -H 'Ocp-Apim-Subscription-Key: hunter2' https://x",
        "hunter2",
    ),
    (
        "curl -H 'X-Shopify-Access-Token: hunter2' https://x",
        "hunter2",
    ),
    ("curl -H 'apikey: hunter2' https://x", "hunter2"),
    (
        "curl 'https://x.firebaseio.com/a.json?auth=hunter2'",
        "hunter2",
    ),
    ("curl 'https://x/login?user=u&pwd=hunter2'", "hunter2"),
    (
        "wget --http-user=u --http-password=hunter2 https://x",
        "hunter2",
    ),
    ("http POST https://x user=u password=hunter2", "hunter2"),
    (
        "git remote set-url origin https://u:hunter2@example.org/r.git",
        "hunter2",
    ),
    (
        "git -c http.extraheader='AUTHORIZATION: basic aHVudGVyMg==' fetch",
        "aHVudGVyMg",
    ),
    (
        "RSYNC_PASSWORD=hunter2 rsync -a x rsync://u@host/m",
        "hunter2",
    ),
    (
        "psql 'postgresql://db/x?user=u&password=hunter2'",
        "hunter2",
    ),
    (
        "DATABASE_URL=mysql://u:hunter2@db/x bin/rails db:drop",
        "hunter2",
    ),
    ("htpasswd -bc .htpasswd ada hunter2", "hunter2"),
    ("openssl passwd hunter2", "hunter2"),
    ("ssh-keygen -t ed25519 -N hunter2 -f k", "hunter2"),
    ("sshpass -phunter2 scp a host:", "hunter2"),
    ("7z a -phunter2 a.7z x", "hunter2"),
    ("twine upload -u u -p hunter2 dist/*", "hunter2"),
    ("cargo login hunter2", "hunter2"),
    ("vault login hunter2", "hunter2"),
    ("rclone obscure hunter2", "hunter2"),
    ("vault kv put secret/db password=hunter2", "hunter2"),
    ("terraform apply -var db_password=hunter2", "hunter2"),
    ("TF_VAR_db_password=hunter2 terraform apply", "hunter2"),
    ("heroku config:set SESSION_SECRET=hunter2", "hunter2"),
    ("env -u X GITHUB_TOKEN=hunter2 make", "hunter2"),
    ("export SENDGRID_KEY=k9f3Jx7QpL2mZ8vB4nT6", "k9f3Jx7Q"),
    ("APP_KEY=base64:aHVudGVyMg== php artisan down", "aHVudGVyMg"),
    (
        "printf 'machine x login u password hunter2\\n' >> ~/.netrc",
        "hunter2",
    ),
    (
        "npm config set //registry.npmjs.org/:_auth=aHVudGVyMg==",
        "aHVudGVyMg",
    ),
    ("wpa_cli set_network 0 psk=hunter2x", "hunter2x"),
    ("echo 'PresharedKey = hunter2x' >> wg0.conf", "hunter2x"),
    (
        "cat > sa.json <<EOF\n{\"type\":\"service_account\",\"private_key_id\":\"x\",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nMIIEvQhunter2\\n-----END PRIVATE KEY-----\\n\"}\nEOF",
        "MIIEvQhunter2",
    ),
    (
        "aws s3 presign x # https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Signature=hunter2hunter2",
        "hunter2hunter2",
    ),
];

#[test]
fn what_a_header_an_address_or_an_option_gives_away_is_masked() {
    for (command, secret) in SECRETS {
        let shown = redact(command);
        assert!(!shown.contains(secret), "{command}: {shown}");
    }
}

#[test]
fn private_keys_of_every_kind_are_masked() {
    for kind in [
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let text = format!(
            "cat > k <<EOF\n-----BEGIN {kind}-----\nMIIEvQIBADANBg\nabcdefgh\n-----END {kind}-----\nEOF"
        );
        let shown = redact(&text);
        assert!(
            !shown.contains("MIIEvQ") && !shown.contains("abcdefgh"),
            "{shown}"
        );
        assert!(shown.contains("-----END"), "{shown}");
    }
}

/// What looks like a secret and is none.
const HARMLESS: [&str; 67] = [
    "git show 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "git checkout 9fceb02",
    "git diff 9fceb02d0ae598e95dc970b74767f19372d61af8..HEAD~2 -- src/secret_store.rs",
    "sha256sum e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "md5sum -c d41d8cd98f00b204e9800998ecf8427e",
    "docker pull alpine@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "docker run ghcr.io/org/app:sha-9fceb02d0ae598e95dc970b74767f19372d61af8",
    "docker logs 4f66ad9a0b2e4f66ad9a0b2e4f66ad9a0b2e4f66ad9a0b2e4f66ad9a0b2e4f66",
    "curl https://example.org/items/3f0c1d0e-0000-4000-8000-000000000001",
    "npm ci # sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    "ssh-keygen -lf key.pub # ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmYxh0123456789abcdefghijklmnopqrstuvwxyz01 me@host",
    "gpg --recv-keys 0x1234567890ABCDEF1234567890ABCDEF12345678",
    "aws sts assume-role --role-arn arn:aws:iam::123456789012:role/deploy",
    "aws s3 cp s3://my-bucket-2024/path/to/object .",
    "cat /var/lib/docker/overlay2/4f66ad9a0b2e4f66ad9a0b2e4f66ad9a0b2e4f66/merged/etc/hosts",
    "ls target/debug/deps/kintsugi_core-4f66ad9a0b2e4f66.d",
    "cargo test --test log_commands -- test_0123 live_reload_of_a_file",
    "pip install torch==2.3.1+cu121 --index-url https://download.pytorch.org/whl/cu121",
    "kubectl get pod web-7d4b9c6f5d-x2x4z -n prod",
    "kubectl get secret db -o jsonpath='{.data}'",
    "go get example.org/m@v0.0.0-20240102030405-abcdef012345",
    "date -d 2026-01-02T03:04:05.678901Z",
    "terraform plan -var region=eu-central-1 -out plan.out",
    "psql -h db -U me -c 'select token_count from usage'",
    "grep -rn 'api_key' src/ --include=*.rs",
    "make test_integration key-bindings sl.conf cio-utils fc-list",
    "export GOFLAGS=-mod=mod CGO_ENABLED=0",
    "rsync -a user@host:/srv/data/ /backup/2026-01-02/",
    "find . -name 'SKILL.md' -o -name 'AKIBA.txt'",
    "echo c29tZSBwbGFpbiB0ZXh0IHRoYXQgaXMgbm8gc2VjcmV0 | base64 -d",
    "python -m pytest tests/test_auth.py::test_token_is_refreshed",
    "git config user.name Ada",
    "nmcli connection show",
    "aws configure list",
    "rdesktop host",
    "openssl x509 -in cert.pem -noout -text",
    "ssh -p 2222 -i ~/.ssh/id_rsa me@host",
    "scp -P 2222 a host:b",
    "psql -h db -p 5432 -U me",
    "mysql -h db -P 3306 -u me -p prod",
    "redis-cli -p 6379 ping",
    "nmap -p 1-1024 host",
    "cp -p a b && mkdir -p c/d && tar xpf x.tar",
    "curl -u me https://example.org/",
    "curl -u \"$USER:$PASS\" https://example.org/",
    "curl -fsSL https://example.org/install.sh",
    "curl 'https://example.org/search?q=token&page=2&sort=key'",
    "export TOKEN=$(cat /run/secrets/token)",
    "sshpass -f pass.txt ssh host",
    "read -rs PASSWORD",
    "openssl rand -hex 32",
    "openssl passwd -6",
    "vault login -method=oidc",
    "cargo login",
    "gh secret list",
    "gh pr create --title x",
    "echo password | wc -c",
    "echo done | tee log",
    "passwd ada",
    "kubectl get secret token-abc -o yaml",
    "terraform apply -var instance_key=main",
    "make PRIMARY_KEY=user_id_0123456789_abcdefghij",
    "CACHE_KEY=deps-9fceb02d0ae598e95dc970b74767f19372d61af8 make",
    "git log --author=ada --grep='auth: token'",
    "ls -la ~/.aws/credentials",
    "docker run -e TOKEN -p 8080:80 img",
    "uuidgen; echo 3f0c1d0e-0000-4000-8000-000000000001",
];

#[test]
fn hashes_ids_digests_paths_and_public_keys_stay() {
    for text in HARMLESS {
        assert_eq!(redact(text), text);
    }
}
