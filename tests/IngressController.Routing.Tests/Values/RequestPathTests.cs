using FsCheck;
using FsCheck.Fluent;

namespace IngressController.Routing.Tests.Values;

/// <summary>docs/decisions/0002-path-normalization.md, row by row.</summary>
public sealed class RequestPathTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("/a/b/")]
    [InlineData("/a-._~!$&'()*+,;=:@")]
    [InlineData("/a\"<>[]^`{|}")]
    [InlineData("/A/b")]
    public void A_plain_path_is_returned_as_the_same_memory(string path)
    {
        var normalized = RequestPath.Normalize(path);

        Assert.Equal(PathProblem.None, normalized.Problem);
        Assert.True(normalized.Match == path.AsSpan(), "not the same memory");
        Assert.Null(normalized.Forward);
    }

    [Theory]
    // Percent-encoding: decoded once, for matching only.
    [InlineData("/%41", "/A")]
    [InlineData("/%61%2D%7e", "/a-~")]
    [InlineData("/a%20b", "/a b")]
    [InlineData("/caf%C3%A9", "/caf\u00C3\u00A9")]
    [InlineData("/caf%c3%a9", "/caf\u00C3\u00A9")]
    [InlineData("/%FF", "/\u00FF")]
    [InlineData("/%3Fq%23f", "/?q#f")]
    [InlineData("/%0d%0a", "/\r\n")]
    [InlineData("/%25", "/%")]
    [InlineData("/%2541", "/%41")]
    [InlineData("/%252e%252e/x", "/%2e%2e/x")]
    [InlineData("/%252F", "/%2F")]
    [InlineData("/%255c", "/%5c")]
    [InlineData("/%2500", "/%00")]
    // An encoded slash separates elements.
    [InlineData("/admin%2Fx", "/admin/x")]
    [InlineData("/admin%2f", "/admin/")]
    [InlineData("/%2Fadmin", "/admin")]
    [InlineData("/a%2f%2Fb", "/a/b")]
    // Empty elements are merged.
    [InlineData("//", "/")]
    [InlineData("///", "/")]
    [InlineData("/a//b", "/a/b")]
    [InlineData("//a///b//", "/a/b/")]
    [InlineData("/a//", "/a/")]
    // Dots that are no dot segments.
    [InlineData("/.well-known/acme", "/.well-known/acme")]
    [InlineData("/...", "/...")]
    [InlineData("/a/..b/.c/d./e..", "/a/..b/.c/d./e..")]
    [InlineData("/..a", "/..a")]
    public void A_path_is_matched_in_normal_form_and_forwarded_unchanged(string path, string match)
    {
        var normalized = RequestPath.Normalize(path);

        Assert.Equal(PathProblem.None, normalized.Problem);
        Assert.Equal(match, normalized.Match.ToString());
        Assert.Null(normalized.Forward);
    }

    [Theory]
    [InlineData("/.", "/", "/")]
    [InlineData("/./", "/", "/")]
    [InlineData("/./a", "/a", "/a")]
    [InlineData("/a/.", "/a/", "/a/")]
    [InlineData("/a/./b", "/a/b", "/a/b")]
    [InlineData("/a/..", "/", "/")]
    [InlineData("/a/../", "/", "/")]
    [InlineData("/a/../b", "/b", "/b")]
    [InlineData("/a/b/..", "/a/", "/a/")]
    [InlineData("/a/b/../../c", "/c", "/c")]
    [InlineData("/a/b/../c/", "/a/c/", "/a/c/")]
    [InlineData("/a/%2e/b", "/a/b", "/a/b")]
    [InlineData("/a/%2E%2e/b", "/b", "/b")]
    [InlineData("/a/.%2e/b", "/b", "/b")]
    [InlineData("/x/../caf%C3%A9", "/caf\u00C3\u00A9", "/caf%C3%A9")]
    [InlineData("/x/../%61%20;p=1", "/a ;p=1", "/%61%20;p=1")]
    [InlineData("/x/../%252e%252e", "/%2e%2e", "/%252e%252e")]
    public void Only_dot_segments_are_removed_from_a_forwarded_path(string path, string match, string forward)
    {
        var normalized = RequestPath.Normalize(path);

        Assert.Equal(PathProblem.None, normalized.Problem);
        Assert.Equal(match, normalized.Match.ToString());
        Assert.Equal(forward, normalized.Forward);
    }

    [Theory]
    [InlineData("", PathProblem.NotAbsolute)]
    [InlineData("a", PathProblem.NotAbsolute)]
    [InlineData("*", PathProblem.NotAbsolute)]
    [InlineData("%2Fa", PathProblem.NotAbsolute)]
    [InlineData("http://a/b", PathProblem.NotAbsolute)]
    [InlineData("/a b", PathProblem.ForbiddenCharacter)]
    [InlineData("/a\tb", PathProblem.ForbiddenCharacter)]
    [InlineData("/a\r\nb", PathProblem.ForbiddenCharacter)]
    [InlineData("/a\0", PathProblem.ForbiddenCharacter)]
    [InlineData("/a\u007F", PathProblem.ForbiddenCharacter)]
    [InlineData("/caf\u00E9", PathProblem.ForbiddenCharacter)]
    [InlineData("/\uFF0E\uFF0E/a", PathProblem.ForbiddenCharacter)]
    [InlineData("/a#b", PathProblem.ForbiddenCharacter)]
    [InlineData("/a?b", PathProblem.ForbiddenCharacter)]
    [InlineData("/%", PathProblem.MalformedEscape)]
    [InlineData("/%2", PathProblem.MalformedEscape)]
    [InlineData("/%zz", PathProblem.MalformedEscape)]
    [InlineData("/%4g", PathProblem.MalformedEscape)]
    [InlineData("/% 1", PathProblem.MalformedEscape)]
    [InlineData("/%+1", PathProblem.MalformedEscape)]
    [InlineData("/%u0041", PathProblem.MalformedEscape)]
    [InlineData("/%00", PathProblem.NullCharacter)]
    [InlineData("/a%00.txt", PathProblem.NullCharacter)]
    [InlineData("/\\", PathProblem.Backslash)]
    [InlineData("/a\\..\\b", PathProblem.Backslash)]
    [InlineData("/%5c", PathProblem.Backslash)]
    [InlineData("/..%5C..", PathProblem.Backslash)]
    [InlineData("/..", PathProblem.AboveRoot)]
    [InlineData("/../a", PathProblem.AboveRoot)]
    [InlineData("/a/../../b", PathProblem.AboveRoot)]
    [InlineData("/%2e%2e/a", PathProblem.AboveRoot)]
    [InlineData("/./../a", PathProblem.AboveRoot)]
    [InlineData("/%2f..%2f", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a%2F../b", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a/..%2Fb", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a/../b%2Fc", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a//../b", PathProblem.AmbiguousDotSegments)]
    [InlineData("//..", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a/.//b", PathProblem.AmbiguousDotSegments)]
    [InlineData("/..;/a", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a/..;x=1/b", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a/.;/b", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a/%2e%2e%3b/b", PathProblem.AmbiguousDotSegments)]
    public void A_path_that_servers_could_read_differently_is_refused(string path, PathProblem problem) =>
        Assert.Equal(problem, RequestPath.Normalize(path).Problem);

    [Theory]
    [InlineData("/caf\u00E9", "/caf%C3%A9")]
    [InlineData("/\U0001F600", "/%F0%9F%98%80")]
    [InlineData("/a b", "/a%20b")]
    [InlineData("/a%20b", "/a%20b")]
    [InlineData("/a\nb", "/a%0Ab")]
    [InlineData("/a//b", "/a/b")]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/{id}", "/{id}")]
    [InlineData("/100%25", "/100%25")]
    [InlineData("/100%", "/100%25")]
    [InlineData("/100%/a", "/100%25/a")]
    [InlineData("/%4g%2", "/%254g%252")]
    [InlineData("/%%41", "/%25A")]
    public void A_rule_matches_the_same_path_of_a_request(string rule, string request)
    {
        Assert.Equal(RequestPath.Normalize(request).Match.ToString(), RequestPath.NormalizeRule(rule, out var problem));
        Assert.Equal(PathProblem.None, problem);
    }

    [Theory]
    [InlineData("a", PathProblem.NotAbsolute)]
    [InlineData("/a?b", PathProblem.ForbiddenCharacter)]
    [InlineData("/a#b", PathProblem.ForbiddenCharacter)]
    [InlineData("/\0", PathProblem.NullCharacter)]
    [InlineData("/a\\b", PathProblem.Backslash)]
    [InlineData("/..", PathProblem.AboveRoot)]
    [InlineData("/a/../b", PathProblem.AmbiguousDotSegments)]
    [InlineData("/a/.", PathProblem.AmbiguousDotSegments)]
    public void A_rule_that_no_request_can_match_is_refused(string rule, PathProblem expected)
    {
        Assert.Null(RequestPath.NormalizeRule(rule, out var problem));
        Assert.Equal(expected, problem);
    }

    [Fact]
    public void A_long_path_is_normalized_in_one_piece()
    {
        var path = $"/{new string('a', 100_000)}/%41";
        Assert.Equal($"/{new string('a', 100_000)}/A", RequestPath.Normalize(path).Match.ToString());
    }

    private static readonly Arbitrary<string> Paths =
        Gen.Elements(
            "/", "/", "/", "//", "a", "B", "c.", ".", "..", "/.", "/..", "/../", "%2F", "%2f", "%2e", "%2E%2e", "%41", "%C3%A9", "%25", "%252e",
            "%5c", "%00", ";", "..;", "%3B", "%", "\\", "?", "\u00E9", " ", "~", "*", "%0A", "%7F")
            .ListOf().Select(parts => $"/{string.Concat(parts)}").ToArbitrary();

    private static void Check(Arbitrary<string> arbitrary, Action<string> property) =>
        Prop.ForAll(arbitrary, property).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));

    [Fact]
    public void Encoding_and_normalizing_a_match_form_returns_it() => Check(Paths, path =>
    {
        var once = RequestPath.Normalize(path);
        if (once.Problem != PathProblem.None)
            return;
        var match = once.Match.ToString();
        var again = RequestPath.Normalize(RequestPath.Encode(match));
        Assert.Equal(PathProblem.None, again.Problem);
        Assert.Equal(match, again.Match.ToString());
        Assert.Null(again.Forward);
    });

    [Fact]
    public void A_forwarded_path_has_the_same_match_form_and_is_not_changed_again() => Check(Paths, path =>
    {
        var once = RequestPath.Normalize(path);
        if (once.Problem != PathProblem.None || once.Forward is not { } forward)
            return;
        var again = RequestPath.Normalize(forward);
        Assert.Equal(PathProblem.None, again.Problem);
        Assert.Null(again.Forward);
        Assert.Equal(once.Match.ToString(), again.Match.ToString());
    });

    [Fact]
    public void A_match_form_has_no_empty_element_and_no_dot_segment() => Check(Paths, path =>
    {
        var normalized = RequestPath.Normalize(path);
        if (normalized.Problem != PathProblem.None)
            return;
        Assert.Equal('/', normalized.Match[0]);
        var elements = normalized.Match.ToString().Split('/')[1..];
        Assert.All(elements, element => Assert.False(element is "." or ".."));
        Assert.All(elements[..^1], element => Assert.NotEmpty(element));
    });

    [Fact]
    public void Encoding_letters_and_dots_changes_nothing() => Check(Paths, path =>
    {
        var encoded = string.Concat(path.Select((c, i) => c is 'a' or 'B' or '.' && !IsInEscape(path, i) ? $"%{(int)c:X2}" : c.ToString()));
        var plain = RequestPath.Normalize(path);
        var other = RequestPath.Normalize(encoded);
        Assert.Equal(plain.Problem, other.Problem);
        Assert.Equal(plain.Match.ToString(), other.Match.ToString());
        Assert.Equal(plain.Forward is null, other.Forward is null);
    });

    [Fact]
    public void Nothing_throws() => Check(ArbMap.Default.ArbFor<string>(), text =>
    {
        _ = RequestPath.Normalize(text).Problem;
        _ = RequestPath.Normalize($"/{text}").Problem;
        _ = RequestPath.NormalizeRule(text ?? "", out _);
    });

    private static bool IsInEscape(string path, int index) => path.LastIndexOf('%', index) is >= 0 and var percent && index - percent <= 2;
}
