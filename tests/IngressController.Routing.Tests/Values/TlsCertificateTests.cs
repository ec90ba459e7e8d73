namespace IngressController.Routing.Tests.Values;

public sealed class TlsCertificateTests
{
    [Theory]
    [InlineData("app.example.com", "app.example.com", true)]
    [InlineData("app.example.com", "APP.example.com", true)]
    [InlineData("app.example.com", "www.example.com", false)]
    [InlineData("app.example.com", "a.app.example.com", false)]
    [InlineData("app.example.com", "*.example.com", false)]
    [InlineData("*.example.com", "app.example.com", true)]
    [InlineData("*.example.com", "APP.EXAMPLE.COM", true)]
    [InlineData("*.example.com", "*.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.example.com", ".example.com", false)]
    [InlineData("*.example.com", "a.b.example.com", false)]
    [InlineData("*.example.com", "*.b.example.com", false)]
    [InlineData("*.example.com", "app.example.org", false)]
    [InlineData("*.com", "example.com", true)]
    [InlineData("*", "app", false)]
    [InlineData("a*.example.com", "app.example.com", false)]
    [InlineData("", "app.example.com", false)]
    public void A_certificate_covers_its_names_and_one_label_of_a_wildcard(string name, string host, bool covers) =>
        Assert.Equal(covers, Certificate(name).Covers(host));

    [Fact]
    public void Certificates_are_equal_by_fingerprint()
    {
        Assert.Equal(Certificate("a"), Certificate("b"));
        Assert.Equal(Certificate("a").GetHashCode(), Certificate("b").GetHashCode());
        Assert.NotEqual(Certificate("a"), Certificate("a") with { Fingerprint = "other" });
    }

    private static TlsCertificate Certificate(string name) => new()
    {
        Fingerprint = "same",
        DnsNames = [name],
        Subject = "",
        Issuer = "",
        SerialNumber = "",
        NotBefore = default,
        NotAfter = default,
        ChainPem = "",
        PrivateKeyPem = new SensitiveBytes([1, 2, 3]),
    };
}
