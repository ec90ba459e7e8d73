using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Rewriting;

/// <summary>A protected path that is an expression of PCRE, beside an open one: 403 is the protected one, 200 the open one.</summary>
public sealed class PathExpressionTests(FeatureFixture proxy) : IClassFixture<FeatureFixture>
{
    [Theory]
    [InlineData("/admin/[[:alnum:]]+", "/admin/ab12", 403)]
    [InlineData("/admin/[[:alnum:]]+", "/admin/-", 200)]
    [InlineData("/admin/[[:^digit:][:digit:]]", "/admin/1", 403)]
    [InlineData("/admin/[[:upper:]]+$", "/admin/abc", 403)]
    [InlineData("/admin/[a-z]++", "/admin/abc", 403)]
    [InlineData("/admin/[a-z]*+[0-9]", "/admin/abc1", 403)]
    [InlineData("/admin/[a-z]*+c", "/admin/abc", 200)]
    [InlineData("/admin/(?>a|ab)c", "/admin/abc", 200)]
    [InlineData("/admin/\\w+$", "/admin/abc_1", 403)]
    [InlineData("/admin/\\w+$", "/admin/%C3%A9", 200)]
    [InlineData("/admin/\\W+$", "/admin/%C3%A9", 403)]
    [InlineData("/admin/\\d$", "/admin/%D9%A3", 200)]
    [InlineData("/admin/a\\sb", "/admin/a%C2%85b", 200)]
    [InlineData("/admin/a\\sb", "/admin/a%09b", 403)]
    [InlineData("/admin/a\\b\u00E9", "/admin/a%C3%A9", 403)]
    [InlineData("/admin/\u00E9", "/admin/%C3%A9", 403)]
    [InlineData("/admin/\u00E9", "/admin/%C3%89", 200)]
    [InlineData("/admin/%C3%A9$", "/admin/%C3%A9", 403)]
    [InlineData("/admin/k", "/admin/%E2%84%AA", 200)]
    [InlineData("/admin/a\\_b\\-c\\/d", "/admin/a_b-c/d", 403)]
    [InlineData("/admin/[a-z-[aeiou]]", "/admin/a]", 403)]
    [InlineData("/admin/[a-z-[aeiou]]", "/admin/b", 200)]
    [InlineData("/admin$", "/admin%0A", 403)]
    [InlineData("/admin\\z", "/admin%0A", 200)]
    [InlineData("/admin\\Z", "/admin%0A", 403)]
    [InlineData("/admin/a\\hb", "/admin/a%20b", 403)]
    [InlineData("/admin/a\\vb", "/admin/a%0Cb", 403)]
    [InlineData("/admin/a\\Rb", "/admin/a%0D%0Ab", 403)]
    [InlineData("/admin/\\Qa.b\\E$", "/admin/a.b", 403)]
    [InlineData("/admin/\\Qa.b\\E$", "/admin/axb", 200)]
    [InlineData("/admin/(?P<id>[0-9]+)/(?P=id)$", "/admin/12/12", 403)]
    [InlineData("/admin/(?'id'[0-9]+)/\\k{id}$", "/admin/12/13", 200)]
    [InlineData("/admin/a\\Kb", "/admin/ab", 403)]
    [InlineData("/admin/(?|(a)|(b))\\1$", "/admin/bb", 403)]
    [InlineData("/admin/(?-i)abc", "/admin/ABC", 200)]
    [InlineData("/admin/(?-i)a(?i)bc", "/admin/aBC", 403)]
    [InlineData("/admin/(?x) a b c # note", "/admin/abc", 403)]
    [InlineData("/admin/a{,3}", "/admin/aaa", 503)]
    [InlineData("/admin/a{x}", "/admin/a{x}", 403)]
    [InlineData("/admin/[]a]+$", "/admin/]a", 403)]
    [InlineData("/admin/[\\w-.]+$", "/admin/a-b.c", 403)]
    [InlineData("/admin/\\101", "/admin/a", 403)]
    [InlineData("/admin/\\x{41}", "/admin/a", 403)]
    [InlineData("/admin/(?<!x)y", "/admin/y", 403)]
    public async Task The_protected_path_matches_as_in_PCRE(string path, string target, int status) =>
        Assert.Equal(status, await GetStatusAsync(path, target));

    /// <summary>What is refused answers 503 for all that it may match, and never leaves a request to the open path.</summary>
    [Theory]
    [InlineData("/admin/(?R)?x", "/admin/x", 503)]
    [InlineData("/admin/(?R)?x", "/ADMIN/x", 503)]
    [InlineData("/admin/(?R)?x", "/public", 200)]
    [InlineData("/admin/a**", "/admin/a", 503)]
    [InlineData("/admin/a**", "/admin/", 503)]
    [InlineData("/admin/[z-a]", "/admin/b", 503)]
    [InlineData("/admin/\\X+", "/admin/b", 503)]
    [InlineData("/admin/(a|b)(*SKIP)c", "/admin/ac", 503)]
    [InlineData("/admin/(?<=a+)b", "/admin/ab", 503)]
    [InlineData("/admin/[[:letter:]]", "/admin/a", 503)]
    [InlineData("/admin/[:alpha:]", "/admin/a", 503)]
    [InlineData("/admin/\\jq", "/admin/jq", 503)]
    [InlineData("/admin/(a", "/admin/a", 503)]
    [InlineData("/admin?/(?R)", "/admi/x", 503)]
    [InlineData("/adm%69n/(?R)", "/admin/x", 503)]
    [InlineData("/admin/(?R)|/secret", "/secret", 503)]
    [InlineData("/(admin|secret)/(?R)", "/secret/x", 503)]
    [InlineData("/admin/\\p{Greek}", "/admin/x", 503)]
    [InlineData("/admin/(?1)(a)", "/admin/aa", 503)]
    [InlineData("/admin/(a)\\2", "/admin/a", 503)]
    [InlineData("/admin/(?:a|b?)+?c", "/admin/ac", 503)]
    public async Task A_refused_expression_never_opens_its_path(string path, string target, int status) =>
        Assert.Equal(status, await GetStatusAsync(path, target));

    [Theory]
    [InlineData("/(?<ver>v[0-9]+)/(.*)", "/api/$1/$2", "/v2/users", "/api/v2/users")]
    [InlineData("/(.*)/(?<ver>v[0-9]+)/(x)", "/$2/$1/$3", "/a/v2/x", "/v2/a/x")]
    [InlineData("/(?P<a>a)(b)(?'c'c)", "/$3$2$1", "/abc", "/cba")]
    [InlineData("/(?|(a)1|(b)2)(.*)", "/$1/$2", "/b2c", "/b/c")]
    [InlineData("/(?i:(A))(?#note)(b)", "/$1$2", "/ab", "/ab")]
    [InlineData("/(?n)(a)(?-n)(b)", "/$1", "/ab", "/b")]
    [InlineData("/([[:alpha:]]++)/(.*)", "/$2/$1", "/abc/%C3%A9", "/%C3%A9/abc")]
    public async Task Groups_have_the_numbers_of_PCRE(string path, string target, string sent, string received)
    {
        var host = await proxy.ServeAsync($"rewrite-target: \"{target}\"", Yaml(path));
        Assert.Equal(received, (await proxy.ForwardAsync(host, sent)).Target);
    }

    private async Task<int> GetStatusAsync(string path, string target)
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            Manifests.Ingress($"{host}-closed", host, "web", Yaml(path), annotations: "use-regex: \"true\", allowlist-source-range: 192.0.2.0/24")
            + Manifests.Ingress($"{host}-open", host, "web", "/"));
        return (await proxy.GetAsync(host, target)).Status;
    }

    /// <summary>The inside of a double-quoted text.</summary>
    private static string Yaml(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal);
}
