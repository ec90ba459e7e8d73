using IngressController.Routing.Translation;

namespace IngressController.Tls;

/// <summary>
/// Loads certificates and keeps those in use from one revision to the next. A handshake in flight ends with the certificate it began with,
/// and open connections are not affected.
/// </summary>
internal sealed partial class CertificateStore
{
    private readonly ILogger _logger;
    private readonly ServerCertificate _selfSigned = ServerCertificate.SelfSigned();
    private readonly Dictionary<string, ServerCertificate> _byFingerprint = new(StringComparer.Ordinal);

    public CertificateStore(ILogger<CertificateStore> logger)
    {
        _logger = logger;
        SelfSigned = new CertificateTable(new(StringComparer.OrdinalIgnoreCase), _selfSigned);
    }

    /// <summary>The table that serves the self-signed certificate for every host.</summary>
    public CertificateTable SelfSigned { get; }

    /// <summary>
    /// Returns the certificates of a translation. A certificate that is already in use keeps its context, so that sessions resume.
    /// </summary>
    public CertificateTable Apply(CertificateTable current, Translation translation)
    {
        if (translation.Changes.TlsHosts.Length == 0 && !translation.Changes.Defaults)
            return current;

        var hosts = new Dictionary<string, ServerCertificate?>(current.Hosts, StringComparer.OrdinalIgnoreCase);
        foreach (var host in translation.Changes.TlsHosts)
        {
            if (translation.Table.TlsBindings.TryGetValue(host, out var binding))
                hosts[host] = binding.Certificate is { } certificate ? Get(certificate) : null;
            else
                hosts.Remove(host);
        }

        var table = new CertificateTable(hosts, translation.Table.DefaultCertificate?.Certificate is { } configured ? Get(configured) : _selfSigned);
        RemoveUnused(table);
        return table;
    }

    private ServerCertificate Get(TlsCertificate certificate)
    {
        if (!_byFingerprint.TryGetValue(certificate.Fingerprint, out var served))
            _byFingerprint[certificate.Fingerprint] = served = new ServerCertificate(certificate, _selfSigned, OnLoadFailed);
        return served;
    }

    private void OnLoadFailed(TlsCertificate certificate, Exception error) =>
        Log.LoadFailed(_logger, certificate.Subject, certificate.SerialNumber, error.Message);

    /// <summary>
    /// Removes certificates that no host uses. They are not disposed, because handshakes in flight may still use them; the garbage
    /// collector frees them.
    /// </summary>
    private void RemoveUnused(CertificateTable table)
    {
        var used = table.Hosts.Values.OfType<ServerCertificate>().Append(table.Default).ToHashSet();
        foreach (var (fingerprint, _) in _byFingerprint.Where(entry => !used.Contains(entry.Value)).ToArray())
            _byFingerprint.Remove(fingerprint);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "certificate {Subject} (serial number {SerialNumber}) cannot be loaded, its hosts use the self-signed one: {Reason}")]
        public static partial void LoadFailed(ILogger logger, string subject, string serialNumber, string reason);
    }
}

/// <summary>All certificates of one revision. Immutable.</summary>
internal sealed class CertificateTable(Dictionary<string, ServerCertificate?> hosts, ServerCertificate defaultCertificate)
{
    private readonly Dictionary<string, ServerCertificate?>.AlternateLookup<ReadOnlySpan<char>> _lookup =
        hosts.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// The certificates by host. Null means the default certificate; a wildcard certificate does not apply to such a host.
    /// </summary>
    public Dictionary<string, ServerCertificate?> Hosts => hosts;

    public ServerCertificate Default => defaultCertificate;

    /// <summary>Returns the certificate for the server name that the client sent; empty when it sent none.</summary>
    public ServerCertificate Find(ReadOnlySpan<char> serverName)
    {
        var name = serverName;
        if (name.Length > 1 && name[^1] == '.')
            name = name[..^1];
        // DNS names have at most 255 characters, so no longer name is in the table.
        if (name.IsEmpty || name.Length > 255)
            return defaultCertificate;
        if (_lookup.TryGetValue(name, out var exact))
            return exact ?? defaultCertificate;
        if (name.IndexOf('.') is not (> 0 and var dot))
            return defaultCertificate;

        Span<char> wildcard = stackalloc char[256];
        wildcard[0] = '*';
        name[dot..].CopyTo(wildcard[1..]);
        return _lookup.TryGetValue(wildcard[..(name.Length - dot + 1)], out var parent) && parent is not null ? parent : defaultCertificate;
    }

    /// <summary>
    /// Returns the host whose entry applies to a server name; null when the default certificate does. Used by <c>explain</c>.
    /// </summary>
    public string? EntryOf(string? serverName)
    {
        var served = Find(serverName);
        var name = (serverName is [.., _, '.'] ? serverName[..^1] : serverName ?? "").ToLowerInvariant();
        if (hosts.ContainsKey(name))
            return name;
        var wildcard = name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? $"*{name[dot..]}" : "";
        return hosts.TryGetValue(wildcard, out var parent) && ReferenceEquals(parent, served) ? wildcard : null;
    }
}
