using System.Collections.Immutable;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using IngressController.Tests.Fakes;
using IngressController.Tls;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Tls;

public sealed class CertificateStoreTests : IDisposable
{
    private readonly LogLines _log = new();
    private readonly LoggerFactory _loggers;
    private readonly CertificateStore _store;
    private CertificateTable _table;

    public CertificateStoreTests()
    {
        _loggers = new LoggerFactory([_log]);
        _store = new CertificateStore(_loggers.CreateLogger<CertificateStore>());
        _table = _store.SelfSigned;
    }

    public void Dispose() => _loggers.Dispose();

    [Fact]
    public void Certificate_that_cannot_be_loaded_is_logged_once_and_replaced_by_the_self_signed_one()
    {
        _table = _store.Apply(_table, Table(("bad.example", Certificate("bad"))));
        var served = _table.Find("bad.example").Certificate;

        Parallel.For(0, 50, _ => Assert.Same(_table.Default.Options, served.Options));

        Assert.NotNull(served.Problem);
        Assert.Equal(1, _log.CountOf("certificate CN=bad (serial number 1) cannot be loaded"));
    }

    [Fact]
    public void Certificate_in_use_keeps_its_context_and_an_unused_one_is_removed()
    {
        _table = _store.Apply(_table, Table(("a.example", Certificate("a")), ("b.example", Certificate("b"))));
        var kept = _table.Find("a.example").Certificate;

        _table = _store.Apply(_table, Table(("a.example", Certificate("a")), ("b.example", Certificate("c"))));

        Assert.Same(kept, _table.Find("a.example").Certificate);
        Assert.Equal("c", _table.Find("b.example").Certificate.Certificate!.Fingerprint);
        _table = _store.Apply(_table, Table(("b.example", Certificate("b"))) with { Changes = new([], [], ["a.example", "b.example"], [], false) });
        Assert.Same(_table.Default, _table.Find("a.example").Certificate);
    }

    [Fact]
    public void Hosts_with_one_certificate_share_its_context()
    {
        _table = _store.Apply(_table, Table(("a.example", Certificate("a")), ("b.example", Certificate("a"))));

        Assert.Same(_table.Find("a.example").Certificate, _table.Find("b.example").Certificate);
    }

    [Fact]
    public void Names_of_any_length_can_be_looked_up()
    {
        _table = _store.Apply(_table, Table(("*.example", Certificate("a"))));

        for (var length = 0; length < 300; length++)
            Assert.NotNull(_table.Find(new string('a', length) + ".example").Certificate);
        Assert.All(["", ".", "..", "a", "a.", "*.", ".example"], name => Assert.Same(_table.Default, _table.Find(name).Certificate));
        Assert.Same(_table.Default, _table.Find(null).Certificate);
    }

    private static Translation Table(params (string Host, TlsCertificate Certificate)[] bindings) => Translation.Empty(new TranslationSettings()) with
    {
        Table = new RoutingTable
        {
            TlsBindings = bindings.ToImmutableDictionary(binding => binding.Host, binding => new TlsBinding(binding.Host, new("default", "s"), binding.Certificate)),
        },
        Changes = new TableChanges([], [], [.. bindings.Select(binding => binding.Host)], [], false),
    };

    private static TlsCertificate Certificate(string fingerprint) => new()
    {
        Fingerprint = fingerprint,
        DnsNames = [],
        Subject = $"CN={fingerprint}",
        Issuer = "",
        SerialNumber = "1",
        NotBefore = default,
        NotAfter = default,
        ChainPem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        PrivateKeyPem = new SensitiveBytes([]),
    };
}
