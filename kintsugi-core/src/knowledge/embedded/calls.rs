//! What functions of the scripting languages do, as data.
//!
//! A name with a dot in front is a method of any object; with a module it is that function alone. Sources: the reference
//! manuals of Python 3.13, Node.js 22, Perl 5.40, Ruby 3.4, PHP 8.4, Lua 5.4 and R 4.4.

use crate::effect::{Action, Modifier};
use crate::knowledge::schema::Language;

/// What a call does, with the positions of its arguments; [`SELF`] is the object before the dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Runs a command: a shell text, a list of words, or a program and its words.
    Launch,
    /// Replaces the process: program, then the words with the name it sees first.
    Exec,
    /// Acts on a path.
    Path(Action, usize, Option<Modifier>),
    /// Moves the first path to the second.
    Move,
    /// Opens a path in a mode.
    Open,
    /// Gets something from the network.
    Fetch,
    /// Sends something to the network.
    Send,
    /// Opens a connection.
    Connect,
    /// Gives a process the streams of a connection.
    Rewire,
    /// Ends a process.
    Kill,
    /// Runs text of the same language.
    Interpret,
    /// Shows its arguments to whoever reads the output.
    Print,
    /// Gives back its argument, or itself.
    Same(usize),
    /// Joins its arguments to a path.
    Join,
    /// Gives back the names that match.
    Glob,
    /// Gives back the names in a directory.
    ListDirectory,
    /// Decodes its argument.
    Decode(Decode),
    /// Finds a module.
    Module,
    /// Finds a member of the first argument by the name in the second.
    Member,
}

/// Encodings that are undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decode {
    /// RFC 4648, both alphabets.
    Base64,
    /// Two digits a byte.
    Hexadecimal,
    /// Letters rotated by 13, the other encodings of `codecs.decode` are not known.
    Rot13,
    /// Character numbers to text.
    Characters,
    /// The text from its end.
    Reverse,
    /// A list joined by the text before the dot, or by the argument.
    JoinList,
    /// A text split at the argument.
    Split,
    /// A format filled with arguments.
    Format,
}

/// The object before the dot instead of an argument.
pub(super) const SELF: usize = usize::MAX;

use Action::{Chmod, Chown, Create, Delete, List, Overwrite, Read, Truncate, Write};
use Does::{
    Connect, Exec, Fetch, Glob, Interpret, Join, Kill, Launch, ListDirectory, Member, Module, Move,
    Open, Print, Same, Send,
};
use Modifier::Recursive;

const fn path(action: Action, at: usize) -> Does {
    Does::Path(action, at, None)
}

const fn tree(action: Action, at: usize) -> Does {
    Does::Path(action, at, Some(Recursive))
}

const PYTHON: &[(&str, Does)] = &[
    ("os.system", Launch),
    ("os.popen", Launch),
    ("os.startfile", Launch),
    ("pty.spawn", Launch),
    ("subprocess.run", Launch),
    ("subprocess.call", Launch),
    ("subprocess.check_call", Launch),
    ("subprocess.check_output", Launch),
    ("subprocess.Popen", Launch),
    ("subprocess.getoutput", Launch),
    ("subprocess.getstatusoutput", Launch),
    ("commands.getoutput", Launch),
    ("asyncio.create_subprocess_shell", Launch),
    ("asyncio.create_subprocess_exec", Launch),
    ("pexpect.run", Launch),
    ("pexpect.spawn", Launch),
    (".get_ipython().system", Launch),
    ("os.execl", Exec),
    ("os.execle", Exec),
    ("os.execlp", Exec),
    ("os.execv", Exec),
    ("os.execve", Exec),
    ("os.execvp", Exec),
    ("os.execvpe", Exec),
    ("os.posix_spawn", Exec),
    ("os.posix_spawnp", Exec),
    ("os.remove", path(Delete, 0)),
    ("os.unlink", path(Delete, 0)),
    ("os.rmdir", path(Delete, 0)),
    ("os.removedirs", path(Delete, 0)),
    ("shutil.rmtree", tree(Delete, 0)),
    ("distutils.dir_util.remove_tree", tree(Delete, 0)),
    ("send2trash", path(Delete, 0)),
    (".unlink", path(Delete, SELF)),
    (".rmdir", path(Delete, SELF)),
    (".write_text", path(Overwrite, SELF)),
    (".write_bytes", path(Overwrite, SELF)),
    (".read_text", path(Read, SELF)),
    (".read_bytes", path(Read, SELF)),
    (".touch", path(Create, SELF)),
    (".mkdir", path(Create, SELF)),
    (".chmod", path(Chmod, SELF)),
    (".to_csv", path(Overwrite, 0)),
    ("os.truncate", path(Truncate, 0)),
    ("os.chmod", path(Chmod, 0)),
    ("os.chown", path(Chown, 0)),
    ("os.lchown", path(Chown, 0)),
    ("shutil.chown", path(Chown, 0)),
    ("os.mkdir", path(Create, 0)),
    ("os.makedirs", path(Create, 0)),
    ("os.rename", Move),
    ("os.renames", Move),
    ("os.replace", Move),
    ("shutil.move", Move),
    ("shutil.copy", path(Overwrite, 1)),
    ("shutil.copy2", path(Overwrite, 1)),
    ("shutil.copyfile", path(Overwrite, 1)),
    ("shutil.copytree", path(Create, 1)),
    ("os.symlink", path(Create, 1)),
    ("os.link", path(Create, 1)),
    ("open", Open),
    ("io.open", Open),
    ("codecs.open", Open),
    ("os.open", Open),
    ("gzip.open", Open),
    (".open", Does::Path(Read, SELF, None)),
    ("urllib.request.urlopen", Fetch),
    ("urllib.request.urlretrieve", Fetch),
    ("urllib.urlopen", Fetch),
    ("urllib2.urlopen", Fetch),
    ("requests.get", Fetch),
    ("requests.head", Fetch),
    ("requests.request", Fetch),
    ("httpx.get", Fetch),
    ("wget.download", Fetch),
    ("requests.post", Send),
    ("requests.put", Send),
    ("requests.patch", Send),
    ("requests.delete", Send),
    ("httpx.post", Send),
    (".sendmail", Send),
    (".send_message", Send),
    (".sendall", Send),
    ("smtplib.SMTP", Connect),
    ("ftplib.FTP", Connect),
    ("socket.create_connection", Connect),
    ("telnetlib.Telnet", Connect),
    ("paramiko.SSHClient", Connect),
    (".connect", Connect),
    ("os.dup2", Does::Rewire),
    ("os.kill", Kill),
    ("os.killpg", Kill),
    ("exec", Interpret),
    ("eval", Interpret),
    ("compile", Same(0)),
    ("builtins.exec", Interpret),
    ("builtins.eval", Interpret),
    ("runpy.run_path", Interpret),
    ("pickle.loads", Interpret),
    ("marshal.loads", Same(0)),
    ("print", Print),
    ("pprint.pprint", Print),
    ("sys.stdout.write", Print),
    ("json.dumps", Same(0)),
    ("str", Same(0)),
    ("dict", Same(0)),
    ("bytes", Does::Decode(Decode::Characters)),
    ("bytearray", Does::Decode(Decode::Characters)),
    ("list", Same(0)),
    ("sorted", Same(0)),
    ("set", Same(0)),
    ("Path", Same(0)),
    ("pathlib.Path", Same(0)),
    ("pathlib.PosixPath", Same(0)),
    ("os.path.expanduser", Same(0)),
    ("os.path.abspath", Same(0)),
    ("os.path.realpath", Same(0)),
    ("os.path.expandvars", Same(0)),
    ("shlex.split", Does::Decode(Decode::Split)),
    ("shlex.quote", Same(0)),
    ("os.path.join", Join),
    ("glob.glob", Glob),
    ("glob.iglob", Glob),
    (".glob", Glob),
    (".rglob", Glob),
    (".iterdir", ListDirectory),
    ("os.listdir", ListDirectory),
    ("os.scandir", ListDirectory),
    ("os.walk", ListDirectory),
    ("base64.b64decode", Does::Decode(Decode::Base64)),
    ("base64.urlsafe_b64decode", Does::Decode(Decode::Base64)),
    ("base64.decodebytes", Does::Decode(Decode::Base64)),
    ("bytes.fromhex", Does::Decode(Decode::Hexadecimal)),
    ("binascii.unhexlify", Does::Decode(Decode::Hexadecimal)),
    ("binascii.a2b_base64", Does::Decode(Decode::Base64)),
    ("codecs.decode", Does::Decode(Decode::Rot13)),
    ("chr", Does::Decode(Decode::Characters)),
    ("reversed", Does::Decode(Decode::Reverse)),
    (".join", Does::Decode(Decode::JoinList)),
    (".split", Does::Decode(Decode::Split)),
    (".format", Does::Decode(Decode::Format)),
    (".decode", Same(SELF)),
    (".encode", Same(SELF)),
    (".strip", Same(SELF)),
    (".read", Same(SELF)),
    (".expanduser", Same(SELF)),
    (".resolve", Same(SELF)),
    (".absolute", Same(SELF)),
    (".copy", Same(SELF)),
    (".items", Same(SELF)),
    (".joinpath", Join),
    ("__import__", Module),
    ("importlib.import_module", Module),
    ("getattr", Member),
];

const JAVASCRIPT: &[(&str, Does)] = &[
    ("child_process.exec", Launch),
    ("child_process.execSync", Launch),
    ("child_process.execFile", Launch),
    ("child_process.execFileSync", Launch),
    ("child_process.spawn", Launch),
    ("child_process.spawnSync", Launch),
    (".exec", Same(SELF)),
    (".execSync", Launch),
    (".spawnSync", Launch),
    ("Bun.spawn", Launch),
    ("Bun.spawnSync", Launch),
    ("Deno.run", Launch),
    ("Deno.Command", Launch),
    ("fs.rmSync", tree(Delete, 0)),
    ("fs.rm", tree(Delete, 0)),
    ("fs.promises.rm", tree(Delete, 0)),
    ("fs/promises.rm", tree(Delete, 0)),
    ("fs.rmdir", path(Delete, 0)),
    ("fs.rmdirSync", tree(Delete, 0)),
    ("fs.unlink", path(Delete, 0)),
    ("fs.unlinkSync", path(Delete, 0)),
    ("fs.promises.unlink", path(Delete, 0)),
    ("fs/promises.unlink", path(Delete, 0)),
    ("fs-extra.removeSync", tree(Delete, 0)),
    ("fs-extra.remove", tree(Delete, 0)),
    ("fs-extra.emptyDirSync", tree(Delete, 0)),
    ("rimraf.sync", tree(Delete, 0)),
    ("rimraf", tree(Delete, 0)),
    ("Deno.remove", tree(Delete, 0)),
    ("Deno.removeSync", tree(Delete, 0)),
    ("fs.writeFile", path(Overwrite, 0)),
    ("fs.writeFileSync", path(Overwrite, 0)),
    ("fs.promises.writeFile", path(Overwrite, 0)),
    ("fs.createWriteStream", path(Overwrite, 0)),
    ("fs.copyFileSync", path(Overwrite, 1)),
    ("fs.cpSync", path(Overwrite, 1)),
    ("fs.appendFileSync", path(Write, 0)),
    ("fs.appendFile", path(Write, 0)),
    ("fs.truncateSync", path(Truncate, 0)),
    ("fs.truncate", path(Truncate, 0)),
    ("fs.readFile", path(Read, 0)),
    ("fs.readFileSync", path(Read, 0)),
    ("fs.promises.readFile", path(Read, 0)),
    ("fs.createReadStream", path(Read, 0)),
    ("fs.chmodSync", path(Chmod, 0)),
    ("fs.chownSync", path(Chown, 0)),
    ("fs.mkdirSync", path(Create, 0)),
    ("fs.symlinkSync", path(Create, 1)),
    ("fs.renameSync", Move),
    ("fs.rename", Move),
    ("fs.readdirSync", ListDirectory),
    ("fs.globSync", Glob),
    ("glob.sync", Glob),
    ("path.join", Join),
    ("path.resolve", Join),
    ("fetch", Fetch),
    ("http.get", Fetch),
    ("https.get", Fetch),
    ("axios.get", Fetch),
    ("http.request", Send),
    ("https.request", Send),
    ("axios.post", Send),
    ("net.connect", Connect),
    ("net.createConnection", Connect),
    ("tls.connect", Connect),
    ("process.kill", Kill),
    ("eval", Interpret),
    ("Function", Interpret),
    ("vm.runInThisContext", Interpret),
    ("vm.runInNewContext", Interpret),
    ("console.log", Print),
    ("console.error", Print),
    ("process.stdout.write", Print),
    ("JSON.stringify", Same(0)),
    ("String", Same(0)),
    ("String.fromCharCode", Does::Decode(Decode::Characters)),
    ("atob", Does::Decode(Decode::Base64)),
    ("Buffer.from", Does::Decode(Decode::Base64)),
    (".toString", Same(SELF)),
    (".trim", Same(SELF)),
    (".reverse", Does::Decode(Decode::Reverse)),
    (".join", Does::Decode(Decode::JoinList)),
    (".split", Does::Decode(Decode::Split)),
    (".concat", Join),
    ("require", Module),
    ("process.mainModule.require", Module),
    ("import", Module),
];

const PERL: &[(&str, Does)] = &[
    ("system", Launch),
    ("exec", Launch),
    ("readpipe", Launch),
    ("IPC::Open3::open3", Launch),
    ("unlink", path(Delete, 0)),
    ("rmdir", path(Delete, 0)),
    ("rmtree", tree(Delete, 0)),
    ("remove_tree", tree(Delete, 0)),
    ("File.Path.rmtree", tree(Delete, 0)),
    ("File.Path.remove_tree", tree(Delete, 0)),
    ("truncate", path(Truncate, 0)),
    ("chmod", path(Chmod, 1)),
    ("chown", path(Chown, 2)),
    ("rename", Move),
    ("move", Move),
    ("open", Open),
    ("kill", Kill),
    ("connect", Connect),
    ("IO.Socket.INET.new", Connect),
    ("IO.Socket.new", Connect),
    ("eval", Interpret),
    ("do", Interpret),
    ("glob", Glob),
    ("decode_base64", Does::Decode(Decode::Base64)),
    ("MIME.Base64.decode_base64", Does::Decode(Decode::Base64)),
    ("reverse", Does::Decode(Decode::Reverse)),
    ("join", Does::Decode(Decode::JoinList)),
    ("chr", Does::Decode(Decode::Characters)),
    ("get", Fetch),
    ("getstore", Fetch),
    ("print", Print),
];

const RUBY: &[(&str, Does)] = &[
    ("system", Launch),
    ("exec", Launch),
    ("spawn", Launch),
    ("Kernel.system", Launch),
    ("Kernel.exec", Launch),
    ("Kernel.spawn", Launch),
    ("Process.spawn", Launch),
    ("IO.popen", Launch),
    ("Open3.capture2", Launch),
    ("Open3.capture2e", Launch),
    ("Open3.capture3", Launch),
    ("Open3.popen3", Launch),
    ("PTY.spawn", Launch),
    ("FileUtils.rm_rf", tree(Delete, 0)),
    ("FileUtils.rm_r", tree(Delete, 0)),
    ("FileUtils.rmtree", tree(Delete, 0)),
    ("FileUtils.remove_dir", tree(Delete, 0)),
    ("FileUtils.remove_entry", tree(Delete, 0)),
    ("FileUtils.remove_entry_secure", tree(Delete, 0)),
    ("FileUtils.rm", path(Delete, 0)),
    ("FileUtils.rm_f", path(Delete, 0)),
    ("FileUtils.remove", path(Delete, 0)),
    ("rm_rf", tree(Delete, 0)),
    ("rm_r", tree(Delete, 0)),
    ("File.delete", path(Delete, 0)),
    ("File.unlink", path(Delete, 0)),
    ("Dir.rmdir", path(Delete, 0)),
    ("Dir.delete", path(Delete, 0)),
    ("Dir.unlink", path(Delete, 0)),
    (".rmtree", tree(Delete, SELF)),
    (".unlink", path(Delete, SELF)),
    ("Pathname.new", Same(0)),
    ("File.truncate", path(Truncate, 0)),
    ("File.write", path(Overwrite, 0)),
    ("IO.write", path(Overwrite, 0)),
    ("File.read", path(Read, 0)),
    ("IO.read", path(Read, 0)),
    ("File.chmod", path(Chmod, 1)),
    ("FileUtils.chmod", path(Chmod, 1)),
    ("FileUtils.chmod_R", tree(Chmod, 1)),
    ("FileUtils.chown_R", tree(Chown, 2)),
    ("FileUtils.mkdir_p", path(Create, 0)),
    ("FileUtils.mv", Move),
    ("File.rename", Move),
    ("FileUtils.cp", path(Overwrite, 1)),
    ("File.open", Open),
    ("open", Open),
    ("File.join", Join),
    ("File.expand_path", Same(0)),
    ("Dir.glob", Glob),
    ("Dir.children", ListDirectory),
    ("Dir.entries", ListDirectory),
    ("URI.open", Fetch),
    ("Net.HTTP.get", Fetch),
    ("Net.HTTP.post", Send),
    ("Net.HTTP.post_form", Send),
    ("TCPSocket.new", Connect),
    ("TCPSocket.open", Connect),
    ("Socket.tcp", Connect),
    ("Process.kill", Kill),
    ("eval", Interpret),
    ("instance_eval", Interpret),
    ("Base64.decode64", Does::Decode(Decode::Base64)),
    ("puts", Print),
    ("print", Print),
    ("p", Print),
    (".reverse", Does::Decode(Decode::Reverse)),
    (".join", Does::Decode(Decode::JoinList)),
    (".split", Does::Decode(Decode::Split)),
    (".chomp", Same(SELF)),
    (".strip", Same(SELF)),
    (".read", Same(SELF)),
    ("require", Module),
];

const PHP: &[(&str, Does)] = &[
    ("system", Launch),
    ("exec", Launch),
    ("shell_exec", Launch),
    ("passthru", Launch),
    ("popen", Launch),
    ("proc_open", Launch),
    ("pcntl_exec", Exec),
    ("unlink", path(Delete, 0)),
    ("rmdir", path(Delete, 0)),
    ("file_put_contents", path(Overwrite, 0)),
    ("file_get_contents", path(Read, 0)),
    ("readfile", path(Read, 0)),
    ("copy", path(Overwrite, 1)),
    ("chmod", path(Chmod, 0)),
    ("chown", path(Chown, 0)),
    ("mkdir", path(Create, 0)),
    ("rename", Move),
    ("fopen", Open),
    ("glob", Glob),
    ("scandir", ListDirectory),
    ("posix_kill", Kill),
    ("eval", Interpret),
    ("assert", Interpret),
    ("create_function", Interpret),
    ("curl_init", Fetch),
    ("mail", Send),
    ("fsockopen", Connect),
    ("pfsockopen", Connect),
    ("stream_socket_client", Connect),
    ("socket_connect", Connect),
    ("base64_decode", Does::Decode(Decode::Base64)),
    ("hex2bin", Does::Decode(Decode::Hexadecimal)),
    ("str_rot13", Does::Decode(Decode::Rot13)),
    ("strrev", Does::Decode(Decode::Reverse)),
    ("chr", Does::Decode(Decode::Characters)),
    ("implode", Does::Decode(Decode::JoinList)),
    ("print_r", Print),
    ("var_dump", Print),
];

const OTHER: &[(&str, Does)] = &[
    ("os.execute", Launch),
    ("io.popen", Launch),
    ("system", Launch),
    ("system2", Launch),
    ("shell", Launch),
    ("run", Launch),
    ("os.remove", path(Delete, 0)),
    ("file.remove", path(Delete, 0)),
    ("unlink", tree(Delete, 0)),
    ("rm", tree(Delete, 0)),
    ("os.rename", Move),
    ("file.rename", Move),
    ("io.open", Open),
    ("download.file", Fetch),
    ("loadstring", Interpret),
    ("load", Interpret),
    ("source", Interpret),
    ("list.files", ListDirectory),
];

/// Languages in which a known function may be called without parentheses.
pub(super) fn bare_calls(language: Language) -> bool {
    matches!(language, Language::Perl | Language::Ruby | Language::Php)
}

/// Finds what the function at `path` does; `method` when it stands behind an object.
pub(super) fn find(language: Language, path: &str, method: bool) -> Option<Does> {
    let table = match language {
        Language::Python => PYTHON,
        Language::Javascript | Language::Mongo => JAVASCRIPT,
        Language::Perl => PERL,
        Language::Ruby => RUBY,
        Language::Php => PHP,
        Language::Other => OTHER,
        Language::Shell
        | Language::Sql
        | Language::Awk
        | Language::Sed
        | Language::Redis
        | Language::Lisp
        | Language::Gdb
        | Language::Tcl
        | Language::Ex => {
            return None;
        }
    };
    let exact = |name: &str| {
        table
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, does)| *does)
    };
    let last = || {
        path.rsplit('.')
            .next()
            .filter(|_| method || path.contains('.'))
    };
    exact(path).or_else(|| last().and_then(|last| exact(&format!(".{last}"))))
}

/// Whether reading that name as a whole reads every environment variable.
pub(super) fn is_environment(path: &str) -> bool {
    matches!(
        path,
        "os.environ" | "process.env" | "ENV" | "$_ENV" | "%ENV" | "$ENV" | "Deno.env"
    )
}

/// What an open mode does to the file.
pub(super) fn opened(mode: &str) -> Action {
    if mode.starts_with("+<") || mode.contains('a') || mode.starts_with(">>") || mode == "r+" {
        Write
    } else if mode.contains('w') || mode.starts_with('>') || mode.contains("O_TRUNC") {
        Overwrite
    } else if mode.contains('x') {
        Create
    } else if mode.contains("O_DIRECTORY") {
        List
    } else {
        Read
    }
}
