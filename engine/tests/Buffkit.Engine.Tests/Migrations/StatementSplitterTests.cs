using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Postgres;

namespace Buffkit.Tests;

public sealed class StatementSplitterTests
{
    public static TheoryData<string, string, string[]> Cases { get; } = new()
    {
        { "postgres", "select 1; ; select 2", ["select 1", "select 2"] },
        { "postgres", "-- only a comment;", [] },
        { "postgres", "select '--;', \"a;b\", $$;$$, $x$;$$;$x$; select 2", ["select '--;', \"a;b\", $$;$$, $x$;$$;$x$", "select 2"] },
        { "postgres", "select E'it\\'s;', 'c:\\'; select 2", ["select E'it\\'s;', 'c:\\'", "select 2"] },
        { "postgres", "/* a /* nested; */ b; */ select 1;", ["select 1"] },
        { "postgres", "create rule r as on insert to t do (select 1; select 2); select 3", ["create rule r as on insert to t do (select 1; select 2)", "select 3"] },
        { "postgres", "begin; select 1; end; select 2", ["begin", "select 1", "end", "select 2"] },
        { "postgres", "SET standard_conforming_strings = off; select 'a\\'b;'; select 2", ["SET standard_conforming_strings = off", "select 'a\\'b;'", "select 2"] },
        { "postgres", "\\restrict abc\nselect 1;\n\\unrestrict abc\n", ["select 1"] },
        { "postgres", "select a$b$ from t; select $1", ["select a$b$ from t", "select $1"] },
        { "mysql", "select 5--1; # c;\nselect `a;b`, 'x\\';', \"y\\\";\"; -- z;\nselect 3", ["select 5--1", "select `a;b`, 'x\\';', \"y\\\";\"", "select 3"] },
        { "mysql", "/*!40101 SET NAMES utf8 */; select 1", ["/*!40101 SET NAMES utf8 */", "select 1"] },
        { "mysql", "create procedure p() begin if a then select 1; end if; case x when 1 then select 2; end case; set y = if(1, case when 1 then 2 end, 3); end; select 4", ["create procedure p() begin if a then select 1; end if; case x when 1 then select 2; end case; set y = if(1, case when 1 then 2 end, 3); end", "select 4"] },
        { "mysql", "DELIMITER $$\ncreate trigger t before insert on a for each row begin set new.x = 1; end$$\nDELIMITER ;\nselect 1;", ["create trigger t before insert on a for each row begin set new.x = 1; end", "select 1"] },
        { "mysql", "create table event (`end` int, begin int); insert into event values (1, 2);", ["create table event (`end` int, begin int)", "insert into event values (1, 2)"] },
        { "mysql", "DELIMITER //\r\nselect 1;\r\nselect 2//\r\nDELIMITER ;\r\nselect 'a\r\nb';\r\n", ["select 1;\r\nselect 2", "select 'a\r\nb'"] },
        { "postgres", "-- one\r\nselect 1; -- two\r\nselect 2;\r\n\\restrict x\r\nselect 3;", ["select 1", "select 2", "select 3"] },
        { "sqlite", "create trigger t after insert on a begin update a set x = case when 1 then 2 else 3 end; delete from b; end; select 1;", ["create trigger t after insert on a begin update a set x = case when 1 then 2 else 3 end; delete from b; end", "select 1"] },
        { "sqlite", "select [a;b], `c;d`, \"e;f\" from t; select 2", ["select [a;b], `c;d`, \"e;f\" from t", "select 2"] },
        { "mysql", "set sql_mode='NO_BACKSLASH_ESCAPES'; insert into t values ('c:\\'); select 2", ["set sql_mode='NO_BACKSLASH_ESCAPES'", "insert into t values ('c:\\')", "select 2"] },
        { "mysql", "set names utf8, @@session.sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES,ANSI_QUOTES'); select 'c:\\', \"a\\\"; select 2", ["set names utf8, @@session.sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES,ANSI_QUOTES')", "select 'c:\\', \"a\\\"", "select 2"] },
        { "mysql", "set sql_mode = 1048580; select 'c:\\', \"a\\\"; select 2", ["set sql_mode = 1048580", "select 'c:\\', \"a\\\"", "select 2"] },
        { "mysql", "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */; select 'c:\\'; /*!40101 SET SQL_MODE=@OLD_SQL_MODE */; select 'a\\';'; select 2", ["/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */", "select 'c:\\'", "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */", "select 'a\\';'", "select 2"] },
        { "mysql", "set sql_mode = 'NO_BACKSLASH_ESCAPES'; set sql_mode = replace(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''); select 'a\\';'; select 2", ["set sql_mode = 'NO_BACKSLASH_ESCAPES'", "set sql_mode = replace(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')", "select 'a\\';'", "select 2"] },
        { "mysql", "set global sql_mode = 'NO_BACKSLASH_ESCAPES'; select 'a\\';'; select 2", ["set global sql_mode = 'NO_BACKSLASH_ESCAPES'", "select 'a\\';'", "select 2"] },
        { "postgres", "select pg_catalog.set_config('standard_conforming_strings', 'off', false); select 'a\\';'; select 2", ["select pg_catalog.set_config('standard_conforming_strings', 'off', false)", "select 'a\\';'", "select 2"] },
        { "postgres", "set /* x */ standard_conforming_strings to off; select 'a\\';'; reset standard_conforming_strings; select 'c:\\'; select 2", ["set /* x */ standard_conforming_strings to off", "select 'a\\';'", "reset standard_conforming_strings", "select 'c:\\'", "select 2"] },
        { "postgres", "begin; set local standard_conforming_strings = off; select 'a\\';'; commit; select 'c:\\'; select 2", ["begin", "set local standard_conforming_strings = off", "select 'a\\';'", "commit", "select 'c:\\'", "select 2"] },
        { "mysql", "create trigger t before insert on a for each row if new.x is null then set new.x = if(1, 2, 3); if new.y then set new.y = 1; elseif 2 then set new.y = 2; else if 1 then set new.z = 3; end if; end if; end if; select 9", ["create trigger t before insert on a for each row if new.x is null then set new.x = if(1, 2, 3); if new.y then set new.y = 1; elseif 2 then set new.y = 2; else if 1 then set new.z = 3; end if; end if; end if", "select 9"] },
        { "mysql", "create trigger if not exists t before insert on a for each row follows `if` while new.x < 3 do set new.x = new.x + 1; end while; select 9", ["create trigger if not exists t before insert on a for each row follows `if` while new.x < 3 do set new.x = new.x + 1; end while", "select 9"] },
        { "mysql", "create trigger t before insert on a for each row precedes u case new.x when 1 then set new.x = case when 1 then if(1, 2, 3) else repeat('a', 3) end; else begin end; end case; select 9", ["create trigger t before insert on a for each row precedes u case new.x when 1 then set new.x = case when 1 then if(1, 2, 3) else repeat('a', 3) end; else begin end; end case", "select 9"] },
        { "mysql", "create trigger t before insert on a for each row set new.x = if(new.x, 1, 2); select 9", ["create trigger t before insert on a for each row set new.x = if(new.x, 1, 2)", "select 9"] },
        { "mysql", "create procedure if not exists p(in x int, in y set('a', 'b')) comment 'if; then' reads sql data if x then select 1; select 2; end if; select 9", ["create procedure if not exists p(in x int, in y set('a', 'b')) comment 'if; then' reads sql data if x then select 1; select 2; end if", "select 9"] },
        { "mysql", "create procedure p() l: loop leave l; end loop l; select 9", ["create procedure p() l: loop leave l; end loop l", "select 9"] },
        { "mysql", "create procedure p() repeat set @x = @x + 1; until @x > 3 end repeat; select 9", ["create procedure p() repeat set @x = @x + 1; until @x > 3 end repeat", "select 9"] },
        { "mysql", "create procedure p() drop table if exists t; select 9", ["create procedure p() drop table if exists t", "select 9"] },
        { "mysql", "create function f(x int) returns varchar(10) character set utf8mb4 deterministic return if(x, 'a', case x when 1 then 'b' else 'c' end); select 9", ["create function f(x int) returns varchar(10) character set utf8mb4 deterministic return if(x, 'a', case x when 1 then 'b' else 'c' end)", "select 9"] },
        { "mysql", "create function f(x int) returns set('a') deterministic begin if x then return 'a'; end if; return if(x, 'a', 'b'); end; select 9", ["create function f(x int) returns set('a') deterministic begin if x then return 'a'; end if; return if(x, 'a', 'b'); end", "select 9"] },
        { "mysql", "create definer=`root`@`localhost` event e on schedule every 1 day do if 1 then delete from a; delete from b; end if; select 9", ["create definer=`root`@`localhost` event e on schedule every 1 day do if 1 then delete from a; delete from b; end if", "select 9"] },
        { "mysql", "create procedure p() begin declare continue handler for not found if @a then set @b = 1; end if; select 1; end; select 9", ["create procedure p() begin declare continue handler for not found if @a then set @b = 1; end if; select 1; end", "select 9"] },
        { "mysql", "create procedure p() begin drop table if exists t; create table if not exists t (x int); while 1 do begin if 1 then leave l; end if; end; end while; end; select 9", ["create procedure p() begin drop table if exists t; create table if not exists t (x int); while 1 do begin if 1 then leave l; end if; end; end while; end", "select 9"] },
        { "sqlite", "BEGIN TRANSACTION; select 'it''s;'; COMMIT;", ["BEGIN TRANSACTION", "select 'it''s;'", "COMMIT"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Split_Script_GivesItsStatements(string engine, string sql, string[] expected) =>
        Assert.Equal(expected, StatementSplitter.Split(sql, Dialect(engine)).Select(statement => statement.Text));

    [Fact]
    public void Split_CopyWithData_KeepsTheDataOfItsStatement()
    {
        var statements = StatementSplitter.Split("COPY t (a, b) FROM stdin;\n1\tit's; x\n2\t(y\n\\.\n\nselect 2;", PostgresDialect.Value);
        Assert.Equal(["COPY t (a, b) FROM stdin", "select 2"], statements.Select(s => s.Text));
        Assert.Equal("1\tit's; x\n2\t(y\n", statements[0].CopyData!.Open().ReadToEnd());
        Assert.Equal(6, statements[1].Line);
    }

    [Theory]
    [InlineData("COPY t FROM /* the client's */ stdin")]
    [InlineData("COPY/**/t FROM stdin")]
    public void Split_CopyWithComments_FindsTheData(string copy) =>
        Assert.Equal("1\n", StatementSplitter.Split($"{copy};\n1\n\\.\nselect 2;", PostgresDialect.Value)[0].CopyData!.Open().ReadToEnd());

    [Theory]
    [InlineData("postgres", "create /* a /* nested */ b */ index -- c\n  concurrently \"i j\" on t (a, 'b;')", "create index concurrently \"i j\" on t (a, '')")]
    [InlineData("postgres", "select E'a\\'b', $x$--$x$, a$b$, \"--\" from t", "select E'', '', a$b$, \"--\" from t")]
    [InlineData("mysql", "/*!40101 SET NAMES utf8 */", "SET NAMES utf8")]
    [InlineData("mysql", "select \"a\", `b` # c", "select '', `b`")]
    [InlineData("sqlite", "select [a--b], 'c' -- d", "select [a--b], ''")]
    public void Bare_Statement_IsItsCodeAlone(string engine, string sql, string expected) =>
        Assert.Equal(expected, StatementCode.Bare(sql, Dialect(engine)));

    [Fact]
    public void Split_BlockWithoutEnd_NamesDelimiter() =>
        Assert.Contains("DELIMITER", Assert.Throws<ScriptSyntaxException>(() => StatementSplitter.Split("create procedure p() if 1 then select 1;", MySqlDialect.Value)).Message, StringComparison.Ordinal);

    [Fact]
    public void Split_CopyDataWithCrLf_EndsAtItsMark()
    {
        var statements = StatementSplitter.Split("COPY t FROM stdin;\r\n1\r\n\\.\r\nselect 2;\r\n", PostgresDialect.Value);
        Assert.Equal(["COPY t FROM stdin", "select 2"], statements.Select(s => s.Text));
        Assert.Equal("1\r\n", statements[0].CopyData!.Open().ReadToEnd());
        Assert.Equal(4, statements[1].Line);
    }

    [Theory]
    [InlineData("postgres", "\r\n\\connect\r\n", 2)]
    [InlineData("postgres", "select 1;\nselect 'a", 2)]
    [InlineData("postgres", "select (1;\nselect 2", 1)]
    [InlineData("postgres", "select 1);", 1)]
    [InlineData("postgres", "/* open", 1)]
    [InlineData("postgres", "do $$ begin", 1)]
    [InlineData("postgres", "\n\\connect other", 2)]
    [InlineData("postgres", "copy t from stdin;\n1", 1)]
    [InlineData("mysql", "create procedure p() begin select 1;", 1)]
    [InlineData("mysql", "create trigger t before insert on a for each row if 1 then set new.x = 1;", 1)]
    [InlineData("mysql", "delimiter", 1)]
    [InlineData("sqlite", ".headers on", 1)]
    public void Split_BrokenScript_NamesTheLine(string engine, string sql, int line) =>
        Assert.Equal(line, Assert.Throws<ScriptSyntaxException>(() => StatementSplitter.Split(sql, Dialect(engine))).Line);

    private static SqlDialect Dialect(string engine) => TestEngines.Get(engine).Dialect;
}
