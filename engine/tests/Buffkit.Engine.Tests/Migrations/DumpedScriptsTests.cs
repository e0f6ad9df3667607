using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>Scripts as the servers' own dump programs write them, and lines in them that no server knows.</summary>
public sealed class DumpedScriptsTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_AsPgDumpWrites_AppliesAllOfIt()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_dump.up.sql", PgDump).Write("2_after.up.sql", "CREATE TABLE after_dump AS SELECT count(*) AS n FROM notes;");

        Assert.Equal(2, (await database.Runner().UpAsync(Cancellation)).Count);

        Assert.Equal("4", await database.QueryAsync("SELECT n FROM after_dump"));
        Assert.Equal("-- no comment 'quote", await database.QueryAsync("SELECT body FROM notes WHERE id = 3"));
        Assert.Equal("it's; nested;", await database.QueryAsync("SELECT nested()"));
        Assert.Equal("2", await database.QueryAsync("SELECT atomic_one(-1)"));
        Assert.Equal("5", await database.QueryAsync("SELECT nextval('notes_id_seq')"));
    }

    [Fact]
    public async Task Up_AsMySqlDumpWrites_AppliesAllOfIt()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_dump.up.sql", MySqlDump).Write("2_after.up.sql", "CREATE TABLE after_dump AS SELECT count(*) AS n, @@foreign_key_checks AS checks FROM notes;");

        Assert.Equal(2, (await database.Runner().UpAsync(Cancellation)).Count);

        Assert.Equal("3 1", await database.QueryAsync("SELECT CONCAT(n, ' ', checks) FROM after_dump"));
        Assert.Equal("it's; a", await database.QueryAsync("SELECT body FROM notes WHERE id = 1"));
        await database.ExecuteAsync("INSERT INTO notes VALUES (9, '')");
        Assert.Equal(";", await database.QueryAsync("SELECT body FROM notes WHERE id = 9"));
        Assert.Equal("1 1 1 1", await database.QueryAsync("""
            SELECT CONCAT_WS(' ', (SELECT x FROM v), (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()),
                (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()),
                (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()))
            """));
    }

    [Fact]
    public async Task Up_AsTheSqliteShellDumps_AppliesAllOfIt()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_dump.up.sql", SqliteDump).Write("2_after.up.sql", "CREATE TABLE after_dump AS SELECT count(*) AS n FROM notes;");
        Assert.Equal(2, (await database.Runner().UpAsync(Cancellation)).Count);
        Assert.Equal("2", await database.QueryAsync("SELECT n FROM after_dump"));
        Assert.Equal("3", await database.QueryAsync("INSERT INTO notes (body) VALUES ('c') RETURNING id"));
    }

    [Theory]
    [InlineData(TestEngine.Postgres, "\\connect shop", "psql")]
    [InlineData(TestEngine.Postgres, "\\i other.sql", "psql")]
    [InlineData(TestEngine.Postgres, "\\copy a FROM 'a.csv'", "psql")]
    [InlineData(TestEngine.Postgres, "SELECT 'CREATE TABLE b (id int)' \\gexec", "psql")]
    [InlineData(TestEngine.Postgres, "COPY a TO STDOUT;", "STDOUT")]
    [InlineData(TestEngine.Postgres, "COPY (SELECT ';' FROM a)\n TO stdout WITH (FORMAT csv);", "STDOUT")]
    [InlineData(TestEngine.MySql, "source other.sql", "mysql")]
    [InlineData(TestEngine.MySql, "\\. other.sql", "mysql")]
    [InlineData(TestEngine.MySql, "SELECT 1\\G", "mysql")]
    [InlineData(TestEngine.Sqlite, ".read other.sql", "sqlite3")]
    public async Task Validate_CommandOfAClient_IsRefusedWithFileAndLine(TestEngine engine, string command, string named)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", $"CREATE TABLE a (id int);\n\n{command}\n");
        var e = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("1_a.up.sql:3:", e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Equal("", await database.SchemaAsync());
    }

    [Theory]
    [InlineData(TestEngine.Postgres, "SELECT 'a\0b';", "NUL")]
    [InlineData(TestEngine.Postgres, "SELECT 1; -- a\0", "NUL")]
    [InlineData(TestEngine.Postgres, "COPY a FROM stdin;\0\n1\n\\.\n", "NUL")]
    [InlineData(TestEngine.Sqlite, "SELECT 'a\0b';", "NUL")]
    [InlineData(TestEngine.MySql, "SELECT \0 1;", "NUL")]
    [InlineData(TestEngine.Sqlite, "INSERT INTO a VALUES (:name);", "':name'")]
    [InlineData(TestEngine.Sqlite, "INSERT INTO a VALUES (@na_me);", "'@na_me'")]
    [InlineData(TestEngine.Sqlite, "INSERT INTO a VALUES ($1);", "'$1'")]
    [InlineData(TestEngine.Sqlite, "INSERT INTO a VALUES (?2);", "'?2'")]
    public async Task Up_CharacterThatNoServerGets_IsRefusedWithFileAndLineBeforeAnythingRuns(TestEngine engine, string sql, string named)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", $"CREATE TABLE a (id int);\n\n{sql}\n");
        var e = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("1_a.up.sql:3:", e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Equal("", await database.SchemaAsync());
    }

    [Fact]
    public async Task Up_SignsThatLookLikeBoundValues_AreData()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "CREATE TABLE a (\"a:b\" text, [c?] text, x$y text); -- :a @b ?\nINSERT INTO a VALUES (':a', '?', '@b');");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("1", await database.QueryAsync("SELECT count(*) FROM a"));
    }

    [Theory]
    [InlineData("CREATE DATABASE shop_of_a_dump")]
    [InlineData("CREATE TABLE b (id :type)")]
    [InlineData("CREATE TABLE b (id int)\nGO")]
    public async Task Up_StatementThatTheServerRefuses_NamesFileAndLine(string sql)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", $"CREATE TABLE a (id int);\n\n{sql};\n");
        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("1_a.up.sql:3: statement 2 of 2", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestEngine.MySql, "SET sql_mode = 'NO_BACKSLASH_ESCAPES';")]
    [InlineData(TestEngine.MySql, "SET @old = @@sql_mode, sql_mode = '';\nSET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES');")]
    [InlineData(TestEngine.Postgres, "SELECT set_config('standard_conforming_strings', 'off', false);\nRESET standard_conforming_strings;")]
    public async Task Up_ScriptSetsHowStringsRead_IsReadAsTheServerDoes(TestEngine engine, string settings)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", $"CREATE TABLE a (x varchar(20));\n{settings}\nINSERT INTO a VALUES ('c:\\');\nINSERT INTO a VALUES (';');");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("2 c:\\", await database.QueryAsync("SELECT concat(count(*), ' ', max(x)) FROM a"));
    }

    [Fact]
    public async Task Up_MySqlBodyIsAFlowBlockWithoutDelimiter_IsOneStatement()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", """
            CREATE TABLE a (x int, y int);
            CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW
            IF NEW.x IS NULL THEN
                SET NEW.x = IF(NEW.y > 1, 7, 8);
                SET NEW.y = 0;
            END IF;
            CREATE PROCEDURE p(IN n int) WHILE n > 0 DO INSERT INTO a VALUES (n, 0); SET n = n - 1; END WHILE;
            INSERT INTO a VALUES (NULL, 5);
            CALL p(3);
            """);
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("4 13", await database.QueryAsync("SELECT concat(count(*), ' ', sum(x)) FROM a"));
    }

    private const string PgDump = """
        --
        -- PostgreSQL database dump
        --

        \restrict 1aBcD

        -- Dumped from database version 17.6
        SET statement_timeout = 0;
        SET lock_timeout = 0;
        SET idle_in_transaction_session_timeout = 0;
        SET client_encoding = 'UTF8';
        SET standard_conforming_strings = on;
        SELECT pg_catalog.set_config('search_path', '', false);
        SET check_function_bodies = false;
        SET xmloption = content;
        SET client_min_messages = warning;
        SET row_security = off;

        --
        -- Name: mood; Type: TYPE; Schema: public; Owner: -
        --
        CREATE TYPE public.mood AS ENUM (
            'sad',
            'o''k;'
        );

        CREATE FUNCTION public.nested() RETURNS text
            LANGUAGE plpgsql
            AS $_$
        DECLARE
          result text := $q$it's; $q$;
        BEGIN
          EXECUTE $x$CREATE TABLE IF NOT EXISTS public.inner_one (t text DEFAULT $$;$$)$x$;
          /* BEGIN; */ -- COMMIT;
          RETURN result || 'nested;';
        END;
        $_$;

        CREATE FUNCTION public.atomic_one(a integer) RETURNS integer
            LANGUAGE sql
            BEGIN ATOMIC
         SELECT a;
         SELECT
                CASE
                    WHEN (a > 0) THEN 1
                    ELSE 2
                END AS "end";
        END;

        CREATE FUNCTION public.plain_return(a integer) RETURNS integer
            LANGUAGE sql IMMUTABLE
            RETURN (a + 1);

        CREATE OPERATOR public.=== (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer);

        SET default_tablespace = '';
        SET default_table_access_method = heap;

        CREATE TABLE public.notes (
            id integer NOT NULL,
            body text DEFAULT E'a\'b;',
            tags jsonb,
            CONSTRAINT has_tag CHECK (((tags IS NULL) OR (tags ? 'a'::text) OR (tags @> '{":x": "@y"}'::jsonb)))
        );

        ALTER TABLE public.notes ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
            SEQUENCE NAME public.notes_id_seq
            START WITH 1
            INCREMENT BY 1
        );

        CREATE TABLE public."order;s" ("select" integer, U&"d\0061ta" text);

        COPY public.notes (id, body, tags) FROM stdin;
        1	semi;colon	\N
        2	\N	{"a": 1}
        3	-- no comment 'quote	\N
        4	/* $$ \\. (	\N
        \.


        COPY public."order;s" ("select", data) FROM stdin;
        \.


        SELECT pg_catalog.setval('public.notes_id_seq', 4, true);

        ALTER TABLE ONLY public.notes
            ADD CONSTRAINT notes_pkey PRIMARY KEY (id);

        CREATE RULE quiet AS
            ON DELETE TO public."order;s" DO INSTEAD ( SELECT 1;
         SELECT 2;
        );

        COMMENT ON TABLE public.notes IS 'one; two';

        \unrestrict 1aBcD

        """;

    private const string MySqlDump = """
        -- MySQL dump 10.13  Distrib 8.4.6, for Linux (x86_64)
        --
        -- Host: localhost    Database: shop
        -- ------------------------------------------------------
        -- Server version	8.4.6

        /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
        /*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
        /*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
        /*!50503 SET NAMES utf8mb4 */;
        /*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
        /*!40103 SET TIME_ZONE='+00:00' */;
        /*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
        /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
        /*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
        /*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;

        --
        -- Table structure for table `notes`
        --

        DROP TABLE IF EXISTS `notes`;
        /*!40101 SET @saved_cs_client     = @@character_set_client */;
        /*!50503 SET character_set_client = utf8mb4 */;
        CREATE TABLE `notes` (
          `id` int NOT NULL AUTO_INCREMENT,
          `body` varchar(50) COLLATE utf8mb4_general_ci DEFAULT 'a;b' COMMENT 'it''s; /* here */',
          PRIMARY KEY (`id`)
        ) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4;
        /*!40101 SET character_set_client = @saved_cs_client */;

        LOCK TABLES `notes` WRITE;
        /*!40000 ALTER TABLE `notes` DISABLE KEYS */;
        INSERT INTO `notes` VALUES (1,'it\'s; a'),(2,'b -- c'),(3,'d /* e # f');
        /*!40000 ALTER TABLE `notes` ENABLE KEYS */;
        UNLOCK TABLES;

        DROP TABLE IF EXISTS `marks`;
        CREATE TABLE `marks` (
          `note` int NOT NULL,
          KEY `marks_note` (`note`),
          CONSTRAINT `marks_of` FOREIGN KEY (`note`) REFERENCES `words` (`id`)
        ) ENGINE=InnoDB;
        LOCK TABLES `marks` WRITE;
        /*!40000 ALTER TABLE `marks` DISABLE KEYS */;
        INSERT INTO `marks` VALUES (1),(2);
        /*!40000 ALTER TABLE `marks` ENABLE KEYS */;
        UNLOCK TABLES;

        DROP TABLE IF EXISTS `words`;
        CREATE TABLE `words` (
          `id` int NOT NULL,
          PRIMARY KEY (`id`)
        ) ENGINE=InnoDB;
        /*!50003 SET @saved_cs_client      = @@character_set_client */ ;
        /*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
        /*!50003 SET sql_mode              = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES' */ ;
        DELIMITER ;;
        /*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER `notes_bi` BEFORE INSERT ON `notes` FOR EACH ROW BEGIN
          IF NEW.body = '' THEN SET NEW.body = ';'; END IF;
        END */;;
        DELIMITER ;
        /*!50003 SET sql_mode              = @saved_sql_mode */ ;

        --
        -- Dumping events for database 'shop'
        --
        /*!50106 SET @save_time_zone= @@TIME_ZONE */ ;
        /*!50106 DROP EVENT IF EXISTS `tidy` */;
        DELIMITER ;;
        /*!50106 CREATE*/ /*!50117 DEFINER=`root`@`%`*/ /*!50106 EVENT `tidy` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO DELETE FROM `notes` WHERE id < 0 */ ;;
        /*!50003 SET time_zone             = @save_time_zone */ ;;
        DELIMITER ;

        --
        -- Dumping routines for database 'shop'
        --
        /*!50003 DROP PROCEDURE IF EXISTS `count_notes` */;
        DELIMITER ;;
        CREATE DEFINER=`root`@`%` PROCEDURE `count_notes`(OUT n INT)
        BEGIN
          -- a comment; with 'one quote
          DECLARE done INT DEFAULT 0;
          WHILE done < 1 DO SET done = done + 1; END WHILE;
          SELECT COUNT(*) INTO n FROM notes;
        END ;;
        DELIMITER ;

        /*!50001 DROP VIEW IF EXISTS `v`*/;
        /*!50001 CREATE ALGORITHM=UNDEFINED */
        /*!50013 DEFINER=`root`@`%` SQL SECURITY DEFINER */
        /*!50001 VIEW `v` AS select 1 AS `x` */;

        /*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
        /*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
        /*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
        /*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
        /*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
        /*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
        /*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
        /*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

        -- Dump completed on 2026-09-01 12:00:00
        """;

    private const string SqliteDump = """
        PRAGMA foreign_keys=OFF;
        BEGIN TRANSACTION;
        CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT DEFAULT 'a;b', [a;b] TEXT);
        INSERT INTO notes VALUES(1,'it''s; a',NULL);
        INSERT INTO notes VALUES(2,replace('b\nc','\n',char(10)),NULL);
        DELETE FROM sqlite_sequence;
        INSERT INTO sqlite_sequence VALUES('notes',2);
        CREATE TRIGGER notes_ai AFTER INSERT ON notes WHEN new.body = '' BEGIN
          UPDATE notes SET body = CASE WHEN id > 0 THEN ';' ELSE 'end' END WHERE id = new.id;
          SELECT 1;
        END;
        COMMIT;
        """;
}
