using System.Text;
using IngressController.Features.BasicAuthentication;
using Microsoft.Extensions.Primitives;

namespace IngressController.Tests.Features.BasicAuthentication;

public sealed class BasicCredentialsTests
{
    [Theory]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame")] // RFC 7617, 2
    [InlineData("Basic dGVzdDoxMjPCow==", "test", "123\u00a3")] // RFC 7617, 2.1
    [InlineData("bASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame")]
    [InlineData("Basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==  ", "Aladdin", "open sesame")]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Aladdin", "open sesame")] // no padding, as nginx reads it
    [InlineData("Basic YTo=", "a", "")]
    [InlineData("Basic YTpiOmM=", "a", "b:c")]
    [InlineData("Basic w6Q6w7w=", "\u00e4", "\u00fc")]
    public void User_and_password_are_parsed(string header, string user, string password)
    {
        Assert.True(BasicCredentials.TryParse(header, out var credentials));
        Assert.Equal(user, credentials.User);
        Assert.Equal(password, Encoding.UTF8.GetString(credentials.Password));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic    ")]
    [InlineData("BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basic QWxhZGRp bjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ===")]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==x")]
    [InlineData("Basic QWxhZGRpbjpvcGVuIHNlc2FtZ")] // cut off
    [InlineData("Basic QWx=ZGRpbjpvcGVuIHNlc2FtZQ==")]
    [InlineData("Basic YTpi, Basic YTpi")]
    [InlineData("Basic YTpi,Basic YTpi")]
    [InlineData("Basic !!!!")]
    [InlineData("Basic ===")]
    [InlineData("Basic YWxpY2U=")] // alice, no colon
    [InlineData("Basic OnNlY3JldA==")] // :secret, no user
    [InlineData("Basic Og==")] // a colon alone
    [InlineData("Basic YTpiAA==")] // NUL after the password
    [InlineData("Basic YQA6Yg==")] // NUL in the user
    [InlineData("Basic YTpiCg==")] // line feed
    [InlineData("Basic YTpifw==")] // DEL
    [InlineData("Basic 5Dpi")] // the user in Latin-1
    public void Malformed_credentials_are_rejected(string header)
    {
        Assert.False(BasicCredentials.TryParse(header, out var credentials));
        Assert.Null(credentials);
    }

    [Fact]
    public void Two_headers_are_rejected() =>
        Assert.False(BasicCredentials.TryParse(new StringValues(["Basic YTpi", "Basic YTpi"]), out _));

    [Fact]
    public void A_missing_header_is_rejected() => Assert.False(BasicCredentials.TryParse(StringValues.Empty, out _));

    [Fact]
    public void A_password_that_is_not_UTF8_keeps_its_bytes()
    {
        Assert.True(BasicCredentials.TryParse("Basic YTpjYWbp", out var credentials));
        Assert.Equal([(byte)'c', (byte)'a', (byte)'f', 0xe9], credentials.Password.ToArray());
    }

    [Fact]
    public void The_longest_headers_are_parsed()
    {
        foreach (var length in Enumerable.Range(380, 20).Append(20_000))
        {
            var password = new string('p', length);
            Assert.True(BasicCredentials.TryParse("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("a:" + password)), out var credentials));
            Assert.Equal(length, credentials.Password.Length);
        }
    }

    [Fact]
    public void The_password_is_redacted()
    {
        Assert.True(BasicCredentials.TryParse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", out var credentials));
        Assert.Equal("Aladdin [redacted]", $"{credentials}");
    }

    [Fact]
    public void Random_headers_never_throw()
    {
        const string characters = "abcdefYTpi=+/ \t,:\u00e9\u0000";
        var random = new Random(11);
        for (var i = 0; i < 50_000; i++)
        {
            var token = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => characters[random.Next(characters.Length)]));
            if (BasicCredentials.TryParse("Basic " + token, out var credentials))
                Assert.False(credentials.Password.ContainsAnyInRange((byte)0, (byte)0x1f) || credentials.User.Contains(':') || credentials.User.Length == 0);
        }
    }
}
