using IngressController.Http;

namespace IngressController.Tests.Http;

/// <summary>The hosts that requests can name.</summary>
public sealed class RequestHostTests
{
    private const string Characters = "aZ09-._:[]!$&'()*+,;=~%@#/\\ \t\0\u007f\u00e9";

    [Theory]
    [InlineData("a")]
    [InlineData("A.Example")]
    [InlineData("a.example.")]
    [InlineData("a.example:80")]
    [InlineData("a.example:")]
    [InlineData("a.example:0")]
    [InlineData("a.example:65535")]
    [InlineData("a.example:00080")]
    [InlineData("_dmarc.a_b.example")]
    [InlineData("xn--bcher-kva.example")]
    [InlineData("-a-.example")]
    [InlineData("1.2.3.4")]
    [InlineData("1.2.3.4:8080")]
    [InlineData("256.1.1.1")]
    [InlineData("[::1]")]
    [InlineData("[::1]:")]
    [InlineData("[2001:db8::1.2.3.4]:443")]
    public void Names_and_addresses_are_valid(string host) => Assert.True(RequestHost.IsValid(host));

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(":80")]
    [InlineData(".")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("a..")]
    [InlineData("a!b.example")]
    [InlineData("a$b")]
    [InlineData("a&b")]
    [InlineData("a'b")]
    [InlineData("a(b)")]
    [InlineData("a~b")]
    [InlineData("a%41")]
    [InlineData("a,b")]
    [InlineData("a b")]
    [InlineData("b\u00fccher.example")]
    [InlineData("user@a")]
    [InlineData("a/b")]
    [InlineData("1._tcp")]
    [InlineData("a:65536")]
    [InlineData("a:70000")]
    [InlineData("a:100000")]
    [InlineData("a:000080")]
    [InlineData("a:-1")]
    [InlineData("a:+80")]
    [InlineData("a: 80")]
    [InlineData("a:80:80")]
    [InlineData("a::")]
    [InlineData("a:0x50")]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("[::1")]
    [InlineData("[::1]80")]
    [InlineData("[::1]:70000")]
    [InlineData("[::1].")]
    [InlineData("[::00001]")]
    [InlineData("[1::2::3]")]
    [InlineData("[1.2.3.4]")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("[fe80::1%1]")]
    [InlineData("::1")]
    public void Everything_else_is_not(string host) => Assert.False(RequestHost.IsValid(host));

    [Fact]
    public void Name_has_at_most_255_characters()
    {
        var longest = string.Join('.', Enumerable.Repeat(new string('a', 63), 4));
        Assert.True(RequestHost.IsValid(longest));
        Assert.True(RequestHost.IsValid($"{longest}:8080"));
        Assert.False(RequestHost.IsValid($"{longest}a"));
        Assert.False(RequestHost.IsValid($"{longest}.:8080"));
    }

    [Fact]
    public void The_HTTP_client_accepts_every_valid_host_unchanged()
    {
        var random = new Random(20261129);
        var valid = 0;
        for (var i = 0; i < 100_000; i++)
        {
            // Mostly characters of hosts, so that many are valid.
            var host = string.Create(random.Next(1, 12), random, static (chars, random) =>
            {
                for (var at = 0; at < chars.Length; at++)
                    chars[at] = Characters[random.Next(random.Next(4) == 0 ? Characters.Length : 8)];
            });
            if (!RequestHost.IsValid(host))
                continue;
            valid++;
            using var message = new HttpRequestMessage();
            message.Headers.TryAddWithoutValidation("Host", host);
            Assert.Equal(host, message.Headers.Host);
        }

        Assert.InRange(valid, 1_000, 100_000);
    }
}
