//! A line may take away what it made itself.
//!
//! **Question.** `createdb x && … && dropdb x`, `git switch -c t && … && git branch -D t`: the last command destroys, and nothing is
//! lost. When is that known from the text alone?
//!
//! **Considered.** Names that sound temporary (`tmp_`, `scratch`) say what somebody meant, not what is there. That a maker stands
//! somewhere in front is not enough either: behind `;` the taker runs although the maker failed, because somebody else's database
//! has that name already, and then it is his that is dropped.
//!
//! **Decided.** Three things must hold. The maker fails where the name is taken (`createdb`, `git switch -c`, `kubectl create
//! namespace`; not `docker volume create`, `kubectl apply`, `git branch -f`, `CREATE DATABASE IF NOT EXISTS`). The taker runs only
//! if the maker succeeded: behind `&&`, in the branch of `if`, behind `|| exit`, or under `set -e` where nothing looks at whether
//! the command fails. And both say the same: the same name, wrappers, server, variables, and for git the same directory. A branch
//! into which something is committed meanwhile is none of it, since what was in the work tree is then in that branch alone; nor is
//! a name onto which another branch is moved. `docker rm "$id"` with the number that `docker create` printed needs no more, since
//! that number is new. Nor does a name need it that holds the number of this process or a point in time (`createdb t_$$; …; dropdb t_$$`):
//! nobody else's is called so. The same knowledge says that a file is not there: `test -f .env || cp .env.example .env`.
//!
//! **Price.** `createdb x; …; dropdb x` is held, and so is a script with functions of these names. Whoever makes such a line safe by
//! `&&` or `set -e` is asked nothing.
