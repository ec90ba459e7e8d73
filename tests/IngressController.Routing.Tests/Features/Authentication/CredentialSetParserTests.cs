using System.Text;
using IngressController.Routing.Features.Authentication;
using k8s.Models;

namespace IngressController.Routing.Tests.Features.Authentication;

public sealed class CredentialSetParserTests
{
    private const string Hash = "$apr1$tP4EoiwO$u.GAOVcDBN5OFn47hmad40";
    private const string OtherHash = "$apr1$YXafSWjd$l8U2o1.xWzD086Ef28/gL0";

    [Theory]
    [InlineData($"alice:{Hash}")]
    [InlineData($"alice:{Hash}\n")]
    [InlineData($"alice:{Hash}\r\n")]
    [InlineData($"\n# staff\r\n\r\n   \nalice:{Hash}\n\n")]
    [InlineData($"alice:{Hash}:Alice Adams\n")]
    [InlineData($"#alice:{OtherHash}\nalice:{Hash}")]
    public void A_file_gives_its_users(string file)
    {
        var parsed = ParseFile(file);
        Assert.Null(parsed.Problem);
        Assert.Empty(parsed.UserProblems);
        AssertUsers(parsed, ("alice", Hash));
    }

    [Fact]
    public void The_first_line_of_a_user_takes_precedence() // as nginx reads it
    {
        var parsed = ParseFile($"alice:{Hash}\nalice:{OtherHash}\n");
        AssertUsers(parsed, ("alice", Hash));
        Assert.Equal(["data[auth] line 2 repeats a user; the first entry applies"], parsed.UserProblems);
    }

    [Fact]
    public void A_user_whose_first_line_is_damaged_does_not_log_in_with_the_second()
    {
        var parsed = ParseFile($"alice:damaged\nalice:{OtherHash}\nbob:{Hash}\n");
        AssertUsers(parsed, ("bob", Hash));
        Assert.Equal(2, parsed.UserProblems.Count);
    }

    [Theory]
    [InlineData("alice", "line 2 is not user:hash")]
    [InlineData(":x", "line 2 has a user name that is empty or contains a colon or a control character")]
    [InlineData("al\u0001ice:x", "line 2 has a user name that is empty or contains a colon or a control character")]
    [InlineData("alice:", "line 2 has no hash")]
    [InlineData("alice:{PLAIN}", "line 2 has an empty password")]
    [InlineData("alice:hunter2", "line 2 has a hash in an unknown format")]
    [InlineData($"alice:{Hash} ", "line 2 has a malformed MD5 hash")]
    [InlineData("alice:$2y$15$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m", "line 2 has a bcrypt hash whose cost is not between 4 and 14")]
    public void An_invalid_line_is_reported_by_number_and_affects_no_other(string line, string problem)
    {
        var parsed = ParseFile($"bob:{Hash}\n{line}\ncarol:{OtherHash}\n");
        AssertUsers(parsed, ("bob", Hash), ("carol", OtherHash));
        var reported = Assert.Single(parsed.UserProblems);
        Assert.StartsWith($"data[auth] {problem}", reported);
        Assert.DoesNotContain("alice", reported);
        Assert.DoesNotContain("hunter2", reported);
    }

    [Fact]
    public void Only_the_first_invalid_lines_are_reported()
    {
        var parsed = ParseFile(string.Concat(Enumerable.Repeat("no colon here\n", 1000)) + $"alice:{Hash}\n");
        AssertUsers(parsed, ("alice", Hash));
        Assert.Equal(9, parsed.UserProblems.Count);
        Assert.Equal("and 992 more", parsed.UserProblems[8]);
    }

    [Theory]
    [InlineData("", "data[auth] is missing or empty")]
    [InlineData("# nobody\n\n", "data[auth] has no users")]
    [InlineData("\r\n", "data[auth] has no users")]
    [InlineData("damaged\n", "data[auth] has no users")]
    public void A_file_without_users_is_a_problem(string file, string problem)
    {
        var parsed = ParseFile(file);
        Assert.Null(parsed.Users);
        Assert.Equal(problem, parsed.Problem);
    }

    [Fact]
    public void A_Secret_without_the_key_is_a_problem()
    {
        foreach (var secret in (V1Secret[])[new(), new() { Data = new Dictionary<string, byte[]>() }, new() { Data = new Dictionary<string, byte[]> { ["users"] = "a:b"u8.ToArray() } }])
            Assert.Equal("data[auth] is missing or empty", CredentialSetParser.Parse(secret, CredentialForm.AuthFile).Problem);
    }

    [Fact]
    public void Users_that_cannot_log_in_are_an_empty_set()
    {
        var parsed = ParseFile("alice:hunter2\n");
        Assert.Null(parsed.Problem);
        Assert.Equal(0, parsed.Users!.Count);
        Assert.Single(parsed.UserProblems);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_a_problem() => Assert.Equal(
        "data[auth] is not UTF-8",
        CredentialSetParser.Parse(new V1Secret { Data = new Dictionary<string, byte[]> { ["auth"] = [0x61, 0xff, 0x3a] } }, CredentialForm.AuthFile).Problem);

    [Fact]
    public void StringData_is_read_like_data() => Assert.Equal(
        ParseFile($"alice:{Hash}").Users,
        CredentialSetParser.Parse(new V1Secret { StringData = new Dictionary<string, string> { ["auth"] = $"alice:{Hash}" } }, CredentialForm.AuthFile).Users);

    [Fact]
    public void A_map_has_a_user_per_key()
    {
        var parsed = ParseMap(("alice", Hash), ("bob", $"{OtherHash}\n"), ("carol", $"{Hash}:Carol"));
        Assert.Empty(parsed.UserProblems);
        AssertUsers(parsed, ("alice", Hash), ("bob", OtherHash), ("carol", Hash));
    }

    [Fact]
    public void An_invalid_value_of_a_map_is_reported_by_key_and_adds_no_other_user()
    {
        var parsed = ParseMap(("alice", $"{Hash}\nmallory:{OtherHash}"), ("bob", Hash), ("carol", "hunter2"), ("dave", ""));
        AssertUsers(parsed, ("bob", Hash));
        Assert.Equal("data[alice] has more than one line", parsed.UserProblems[0]);
        Assert.StartsWith("data[carol] has a hash in an unknown format", parsed.UserProblems[1]);
        Assert.Equal("data[dave] has no hash", parsed.UserProblems[2]);
        Assert.DoesNotContain("hunter2", $"{parsed}");
    }

    [Fact]
    public void A_map_value_that_is_not_UTF8_is_reported()
    {
        var parsed = CredentialSetParser.Parse(new V1Secret { Data = new Dictionary<string, byte[]> { ["alice"] = [0xff], ["bob"] = Bytes(Hash) } }, CredentialForm.AuthMap);
        AssertUsers(parsed, ("bob", Hash));
        Assert.Equal(["data[alice] is not UTF-8"], parsed.UserProblems);
    }

    [Fact]
    public void A_map_without_keys_is_a_problem() =>
        Assert.Equal("data is empty; each key is a user name", ParseMap().Problem);

    [Fact]
    public void Sets_compare_by_their_users_and_hashes()
    {
        var set = ParseFile($"alice:{Hash}\nbob:{OtherHash}\n").Users!;
        Assert.Equal(set, ParseFile($"# reordered\nbob:{OtherHash}\r\n\nalice:{Hash}\ncarol:damaged").Users);
        Assert.Equal(set.GetHashCode(), ParseMap(("bob", OtherHash), ("alice", Hash)).Users!.GetHashCode());
        Assert.NotEqual(set, ParseFile($"alice:{OtherHash}\nbob:{Hash}\n").Users);
        Assert.NotEqual(set, ParseFile($"alice:{Hash}\n").Users);
    }

    [Fact]
    public void A_set_prints_only_the_number_of_its_users()
    {
        var parsed = ParseFile($"alice:{Hash}\nbob:{{PLAIN}}builder\n");
        Assert.Equal("2 users [redacted]", $"{parsed.Users}");
        Assert.DoesNotContain("builder", $"{parsed}");
        Assert.True(parsed.Users!.TryFind("bob", out var hash));
        Assert.Equal("[redacted]", $"{hash}");
    }

    [Fact]
    public void Every_number_has_a_decoy()
    {
        var set = ParseFile($"alice:{Hash}\nbob:{OtherHash}\n").Users!;
        Assert.Equal(2, Enumerable.Range(0, 10).Select(i => set.Decoy((uint)i)).Distinct().Count());
        Assert.NotNull(set.Decoy(uint.MaxValue));
    }

    private static ParsedCredentials ParseFile(string file) =>
        CredentialSetParser.Parse(new V1Secret { Data = new Dictionary<string, byte[]> { ["auth"] = Bytes(file) } }, CredentialForm.AuthFile);

    private static ParsedCredentials ParseMap(params (string User, string Value)[] users) =>
        CredentialSetParser.Parse(new V1Secret { Data = users.ToDictionary(user => user.User, user => Bytes(user.Value)) }, CredentialForm.AuthMap);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static void AssertUsers(ParsedCredentials parsed, params (string User, string Hash)[] expected)
    {
        Assert.Equal(expected.Length, parsed.Users!.Count);
        foreach (var (user, text) in expected)
        {
            Assert.True(parsed.Users.TryFind(user, out var hash), user);
            Assert.Equal(text, Encoding.UTF8.GetString(hash.Reveal()));
        }
    }
}
