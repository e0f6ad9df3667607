using Buffkit.Migrations;
using Buffkit.Migrations.MySql;

namespace Buffkit.Tests;

/// <summary>All who read SQL read the same: the same comments, the same quotes, under the settings that hold where the text stands.</summary>
public sealed class LexicalAgreementTests
{
    private const string AnsiQuotes = "set sql_mode = 'ANSI_QUOTES';";
    private const string NoEscapes = "set sql_mode = 'NO_BACKSLASH_ESCAPES';";
    private const string Escapes = "set standard_conforming_strings = off;";

    [Theory]
    [InlineData("mysql", "# licence\n-- no-transaction\nselect 1", true)]
    [InlineData("postgres", "# licence\n-- no-transaction\nselect 1", false)]
    [InlineData("mysql", "--no-transaction\nselect 1", false)]
    [InlineData("postgres", "--no-transaction\nselect 1", true)]
    [InlineData("sqlite", "--no-transaction\nselect 1", true)]
    [InlineData("postgres", "/* a /* b */ c */\n-- no-transaction", true)]
    [InlineData("mysql", "/* a /* b */\n-- no-transaction", true)]
    [InlineData("postgres", "/* a /* b */\n-- no-transaction */", false)]
    [InlineData("postgres", "/*! licence */\n-- no-transaction", true)]
    [InlineData("sqlite", "/*M! licence */\n-- no-transaction", true)]
    [InlineData("mysql", "/*!40101 set names utf8 */\n-- no-transaction", false)]
    [InlineData("mysql", "/*M!100000 set names utf8 */\n-- no-transaction", false)]
    [InlineData("postgres", "-- a\r-- no-transaction\nselect 1", true)]
    [InlineData("mysql", "-- a\r-- no-transaction\nselect 1", false)]
    public void Directives_BehindComments_AreReadAsTheServerReads(string engine, string sql, bool read) =>
        Assert.Equal(read, Header(engine, sql).NoTransaction);

    [Theory]
    [InlineData("postgres", "select E'a'\n  'it\\'s;'; select 2", 2)]
    [InlineData("postgres", "select E'a' -- b\n 'it\\'s;'; select 2", 2)]
    [InlineData("postgres", "select E'a', 'c:\\'; select 2", 2)]
    [InlineData("postgres", "select 1 # 2; select 3", 2)]
    [InlineData("mysql", "select 1 # 2; select 3", 1)]
    [InlineData("mysql", "select 1 --2; select 3", 2)]
    [InlineData("sqlite", "select 1 --2; select 3", 1)]
    [InlineData("mysql", "/*!50003 create trigger t before insert on a for each row begin set @a = 1; end */; select 1", 2)]
    [InlineData("mysql", "select 2*/* ; */3; select 4", 2)]
    [InlineData("mysql", "create function f() returns int language javascript as $$ it's; $$; select 1", 2)]
    [InlineData("postgres", Escapes + "reset /* x */ all; select 'c:\\'; select 2", 4)]
    [InlineData("postgres", "begin; set local standard_conforming_strings = off; rollback/**/to s; select 'a\\';'; select 2", 5)]
    [InlineData("mysql", NoEscapes + "set @a = 'c:\\', sql_mode = ''; select 'a\\';'; select 2", 4)]
    public void Splitter_Script_FindsEachStatement(string engine, string sql, int count) =>
        Assert.Equal(count, Split(engine, sql).Count);

    [Theory]
    [InlineData("mysql", "select 2*/* x */3", "select 2* 3")]
    [InlineData("mysql", "select 2 /*!40101 */* 3", "select 2 * 3")]
    [InlineData("mysql", "create function f() returns int language javascript as $$ it's; $$", "create function f() returns int language javascript as ''")]
    [InlineData("mysql", NoEscapes + "select 'c:\\', 'b' # '", "select '', ''")]
    [InlineData("mysql", AnsiQuotes + "select \"a # b\" # c", "select \"a # b\"")]
    [InlineData("postgres", "select 1 # 2, a #> 'b'", "select 1 # 2, a #> ''")]
    [InlineData("postgres", "select E'a'\n 'it\\'s', b", "select E'' '', b")]
    [InlineData("postgres", "select 'it''s', \"a\"\"b\"", "select '', \"a\"\"b\"")]
    [InlineData("sqlite", "select 1 /* a /* b */ + [a'b]", "select 1 + [a'b]")]
    [InlineData("postgres", "select 1 /* a /* b */ + */ + 2", "select 1 + 2")]
    public void Bare_LastStatement_IsItsCodeAlone(string engine, string sql, string expected) =>
        Assert.Equal(expected, Split(engine, sql)[^1].Bare);

    [Theory]
    [InlineData("postgres", "do language plpgsql 'begin perform 1; /* commit */ end'", "Schema")]
    [InlineData("postgres", "do 'begin perform $$commit$$; end'", "Schema")]
    [InlineData("postgres", "do 'begin commit; end'", "Alone")]
    [InlineData("postgres", "do E'begin\\n commit; end'", "Alone")]
    [InlineData("postgres", "do $$ begin perform 'x'; -- commit\n end $$", "Schema")]
    [InlineData("postgres", "do /* $$ */ $a$ begin commit; end $a$", "Alone")]
    [InlineData("mysql", "/*!40101 SET NAMES utf8 */", "Session")]
    [InlineData("postgres", "/*!40101 SET NAMES utf8 */ select 1", "Data")]
    [InlineData("mysql", "rollback # it\n to s", "Data")]
    [InlineData("sqlite", "rollback -- it\n to s", "Data")]
    [InlineData("postgres", "cluster \"t\"", "Schema")]
    [InlineData("postgres", "create index concurrently /* a /* b */ c */ i on t (a)", "Alone")]
    public void Kinds_LastStatement_IsWhatTheServerTakesItFor(string engine, string sql, string kind) =>
        Assert.Equal(kind, $"{TestEngines.Get(engine).Kinds.Of(Split(engine, sql)[^1])}");

    [Theory]
    [InlineData("alter table `a # b` add x int", "a # b")]
    [InlineData("alter table `a``b`.`c` add x int", "c")]
    [InlineData("alter table $t add x int", "$t")]
    [InlineData("alter /*!50000 table */ t -- `u`\n add x int comment 'exchange'", "t")]
    [InlineData("drop table t, # u\n v", "t,v")]
    [InlineData("drop table t--2", "t")]
    [InlineData(AnsiQuotes + "alter table \"t\"\"u\" add x int", "t\"u")]
    [InlineData(NoEscapes + "alter table t comment 'c:\\', import tablespace", null)]
    [InlineData("alter table t comment 'it\\'s', add import int", null)]
    [InlineData("alter table t comment 'it\\'s import'", "t")]
    [InlineData("create function f() returns int language javascript as $$ exchange it's $$", "f")]
    public void Announcement_LastStatement_NamesWhatItChanges(string sql, string? objects) =>
        Assert.Equal(objects, Announced(Split("mysql", sql)[^1]) is { } ddl ? string.Join(',', ddl.Objects.Select(named => named.Name)) : null);

    [Theory]
    [InlineData("postgres", "update \"where\" set a = 1", "change-without-where")]
    [InlineData("mysql", "update `a where b` set a = 1", "change-without-where")]
    [InlineData("sqlite", "alter table [a drop b] add c int", null)]
    [InlineData("sqlite", "create table [a b] (a int); alter table [a b] drop column a", null)]
    [InlineData("sqlite", "create table a_b (a int); alter table \"a_b\" drop column a", null)]
    [InlineData("sqlite", "create table \"main\".\"a b\" (a int); alter table \"a b\" drop column a", null)]
    [InlineData("mysql", "truncate # t\n t", "truncate")]
    [InlineData("postgres", "delete /* where /* a */ b */ from t", "change-without-where")]
    [InlineData("mysql", "delete from t /*! where a = 1 */", null)]
    [InlineData("sqlite", "delete from t /*! where a = 1 */", "change-without-where")]
    public async Task Lint_Script_JudgesItsCodeAlone(string engine, string sql, string? rule)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", sql);
        var findings = await database.Runner(options => options.Engine = TestEngines.Get(engine))
            .LintAsync(pendingOnly: false, TestContext.Current.CancellationToken);
        Assert.Equal(rule is null ? [] : [rule], findings.Select(finding => finding.Rule));
    }

    private static IReadOnlyList<Statement> Split(string engine, string sql) =>
        StatementSplitter.Split(sql, TestEngines.Get(engine).Dialect);

    private static MySqlDdl? Announced(Statement statement) => MySqlDdl.Parse(statement);

    private static ScriptHeader Header(string engine, string sql) => ScriptHeaderParser.Parse(sql, TestEngines.Get(engine).Dialect, (_, _, _) => { });
}
