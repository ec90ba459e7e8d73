using System.Security.Cryptography;
using System.Text;
using IngressController.Configuration;

namespace IngressController.Features.SessionAffinity;

/// <summary>
/// The key of the values of session cookies, from <c>--session-key-file</c>, else random. Replicas with the same key understand each other's
/// cookies.
/// </summary>
internal sealed partial class SessionKey : IHostedService
{
    /// <summary>Shorter keys can be guessed.</summary>
    private const int MinLength = 32;

    private readonly SessionAffinityOptions _options;
    private readonly ILogger<SessionKey> _logger;
    private readonly Lazy<byte[]> _key;

    public SessionKey(SessionAffinityOptions options, ILogger<SessionKey> logger)
    {
        (_options, _logger) = (options, logger);
        _key = new(() => options.KeyFile is { } file ? Read(file) : NewRandom());
    }

    /// <summary>The keyed hash of a text, truncated to the length of <paramref name="hash"/>, at most 32 bytes.</summary>
    public void Hash(string text, Span<byte> hash)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key.Value, Encoding.UTF8.GetBytes(text), whole);
        whole[..hash.Length].CopyTo(hash);
    }

    /// <summary>Reads the file before the first request needs it, so that one that cannot be used ends the start.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.KeyFile is not null)
            _ = _key.Value;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static byte[] Read(string file)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OptionException($"--session-key-file: {error.Message}", error);
        }

        // Editors and echo add a line break; the same key in a Secret has none.
        var key = content.AsSpan().TrimEnd("\r\n"u8);
        return key.Length >= MinLength
            ? key.ToArray()
            : throw new OptionException($"--session-key-file: {file} has {key.Length} bytes; it needs at least {MinLength}, such as the output of openssl rand -base64 32");
    }

    private byte[] NewRandom()
    {
        Log.IsRandom(_logger);
        return RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "Ingresses use session affinity without --session-key-file: the key of their cookies is random, so sessions do not survive a restart, and other replicas do not know them")]
        public static partial void IsRandom(ILogger logger);
    }
}
