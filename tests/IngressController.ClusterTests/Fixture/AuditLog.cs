using System.Text.Json.Nodes;

namespace IngressController.ClusterTests.Fixture;

/// <summary>The writes in the API server's audit log: user, action and time, by the server's clock.</summary>
internal sealed class AuditLog(string path)
{
    /// <summary>
    /// Returns an audit policy with all writes of leaders (the Lease with its content, and objects that only a leader writes), and all
    /// requests of some users.
    /// </summary>
    public static string PolicyWithReadsOf(IEnumerable<string> users) => $$"""
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - level: Request
          verbs: [create, update, patch, delete]
          resources:
          - {group: coordination.k8s.io, resources: [leases]}
          - {group: networking.k8s.io, resources: [ingresses, ingresses/status]}
          - {group: events.k8s.io, resources: [events]}
          - {group: "", resources: [events]}
        - level: Metadata
          users: ["{{string.Join("\", \"", users)}}"]
          resources: [{group: ""}, {group: networking.k8s.io}, {group: discovery.k8s.io}, {group: coordination.k8s.io}, {group: events.k8s.io}, {group: apps}]
        - level: None
        """;

    public string Path => path;

    /// <summary>Returns the writes of some users, in the order of their arrival.</summary>
    public async Task<AuditedWrite[]> WritesAsync(IEnumerable<string> users)
    {
        var of = users.ToHashSet(StringComparer.Ordinal);
        // The API server may be writing its last line.
        var lines = (await ReadAsync()).Split('\n')[..^1];
        return
        [
            .. lines.Select(line => JsonNode.Parse(line)!).Where(line => of.Contains(line["user"]!["username"]!.GetValue<string>()))
                .Select(AuditedWrite.Of).OrderBy(write => write.Received),
        ];
    }

    /// <summary>Returns all requests of a user whose reads are also logged.</summary>
    public Task<AuditedWrite[]> RequestsAsync(string user) => WritesAsync([user]);

    private async Task<string> ReadAsync()
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync();
    }
}

/// <param name="User">The user of the token.</param>
/// <param name="Verb">The verb, such as <c>update</c>.</param>
/// <param name="Resource">The resource, such as <c>leases</c> or <c>ingresses/status</c>.</param>
/// <param name="Name">The object, as NAMESPACE/NAME.</param>
/// <param name="Received">The time at which it arrived.</param>
/// <param name="Completed">The time of the response; the write was carried out between the two.</param>
/// <param name="Code">The status code of the response.</param>
/// <param name="Holder">The holder that a Lease names.</param>
internal sealed record AuditedWrite(
    string User, string Verb, string Resource, string Name, DateTimeOffset Received, DateTimeOffset Completed, int Code, string? Holder)
{
    public bool IsLease => Resource == "leases";

    /// <summary>True if the API server carried it out.</summary>
    public bool IsDone => Code is >= 200 and < 300;

    public static AuditedWrite Of(JsonNode line)
    {
        var target = line["objectRef"]!;
        var subresource = target["subresource"] is { } part ? $"/{part}" : "";
        return new AuditedWrite(
            line["user"]!["username"]!.GetValue<string>(), line["verb"]!.GetValue<string>(), $"{target["resource"]}{subresource}",
            $"{target["namespace"]}/{target["name"]}", Time("requestReceivedTimestamp"), Time("stageTimestamp"),
            line["responseStatus"]?["code"]?.GetValue<int>() ?? 0, line["requestObject"]?["spec"]?["holderIdentity"]?.GetValue<string>());

        DateTimeOffset Time(string name) => DateTimeOffset.Parse(line[name]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public override string ToString() => $"{Received:HH:mm:ss.ffffff} {User} {Verb} {Resource} {Name}{(Holder is null ? "" : $" holder \"{Holder}\"")}: {Code}";
}
