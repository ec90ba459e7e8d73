using System.Text.Json.Nodes;

namespace IngressController.ClusterTests.Fixture;

/// <summary>What the API server's audit log says of writes: who, what and when, by the server's one clock.</summary>
internal sealed class AuditLog(string path)
{
    /// <summary>All writes of leaders: the Lease with its content, and what only a leader may write. Of some users everything.</summary>
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

    /// <summary>The writes of some users, in the order of their arrival.</summary>
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

    /// <summary>Every request of a user whose reads are in the log, too.</summary>
    public Task<AuditedWrite[]> RequestsAsync(string user) => WritesAsync([user]);

    private async Task<string> ReadAsync()
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync();
    }
}

/// <param name="User">Whose token it had.</param>
/// <param name="Verb">For example <c>update</c>.</param>
/// <param name="Resource">For example <c>leases</c>, or <c>ingresses/status</c>.</param>
/// <param name="Name">The object, as NAMESPACE/NAME.</param>
/// <param name="Received">When it arrived.</param>
/// <param name="Completed">When it was answered; it was carried out between the two.</param>
/// <param name="Code">What it was answered with.</param>
/// <param name="Holder">For a Lease: whom it names as the holder.</param>
internal sealed record AuditedWrite(
    string User, string Verb, string Resource, string Name, DateTimeOffset Received, DateTimeOffset Completed, int Code, string? Holder)
{
    public bool IsLease => Resource == "leases";

    /// <summary>The API server carried it out.</summary>
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
