using IngressController.Events;
using IngressController.Routing.Diagnostics;

namespace IngressController.Tests.Events;

/// <summary>The planned writes for diagnostics that change over time. The planner is a pure function, so the clock is a number.</summary>
public sealed class EventPlannerTests
{
    /// <summary>
    /// A list of moments. Each has the second, the problems (letters; capital letters for problems that another object may resolve, - for
    /// none, * when the owner has changed the object) and the planned writes (+ new, ? read, = repeated, with the count).
    /// </summary>
    [Theory]
    [InlineData("appears", "0 a: +a1")]
    [InlineData("stays", "0 a: +a1 | 1 a: | 60 a: | 1799 a: | 1800 a: =a2 | 3599 a: | 3600 a: =a3")]
    [InlineData("more problems appear", "0 a: +a1 | 1 ab: +b1 | 2 abc: +c1")]
    [InlineData("one disappears, others stay", "0 ab: +a1 +b1 | 5 b: | 1800 b: =b2")]
    [InlineData("the last one disappears", "0 a: +a1 | 5 -: +Resolved1 | 6 -: | 1800 -: | 9000 -:")]
    [InlineData("disappears and returns soon", "0 a: +a1 | 5 -: +Resolved1 | 8 a: | 10 a: =a2 | 20 -: =Resolved2")]
    [InlineData("returns later", "0 a: +a1 | 60 -: +Resolved1 | 120 a: =a2")]
    [InlineData("returns after the retention, and the writer finds the Event", "0 a: +a1 | 60 -: +Resolved1 | 660 -: | 661 a: +a1")]
    [InlineData("disappears and returns before it is reported", "0 a: +a1 | 3 -: +Resolved1 | 4 a: | 6 -: | 7 a: | 10 a: =a3")]
    [InlineData("returns before it is reported as resolved", "0 a: +a1 | 1 -: +Resolved1 | 2 a: | 5 -: | 6 a: | 11 a: =a3 | 12 a:")]
    [InlineData("the object changes", "0 a: +a1 | 60 a*: =a2 | 61 a*: | 90 a*: | 120 a: =a4 | 121 a:")]
    [InlineData("the object changes and is fixed", "0 a: +a1 | 5 -*: +Resolved1")]
    [InlineData("a problem that another object may resolve is delayed", "0 A: | 14 A: | 15 A: +A1 | 20 -: +Resolved1")]
    [InlineData("a problem that is resolved within the delay is not reported", "0 A: | 5 -: | 6 A: | 20 A: | 21 A: +A1")]
    [InlineData("the delay of one problem does not delay others", "0 aA: +a1 | 5 a: | 20 -: +Resolved1")]
    [InlineData("a change of the object does not restart the delay", "0 A: | 5 A*: | 15 A: +A1")]
    [InlineData("after the first report it returns without a delay", "0 A: | 15 A: +A1 | 16 -: +Resolved1 | 30 A: =A2")]
    [InlineData("the change comes with another problem", "0 a: +a1 | 5 b*: +b1 | 6 -: +Resolved1")]
    public void Diagnostics_over_time_cause_the_expected_writes(string name, string moments)
    {
        Assert.NotEmpty(name);
        var script = new EventScript();
        script.SeeNothing(); // the first plan of a leader, without problems
        var actual = new List<string>();
        foreach (var moment in moments.Split(" | "))
        {
            var (second, problems) = (moment.Split(' ')[0], moment.Split(' ')[1].TrimEnd(':'));
            if (problems.Contains('*'))
                script.Fingerprint++;
            script.Now = EventScript.Start.AddSeconds(int.Parse(second, System.Globalization.CultureInfo.InvariantCulture));
            var plan = script.See([.. problems.Where(char.IsLetter).Select(letter => EventScript.Problem(letter))]);
            actual.Add($"{second} {problems}:{string.Concat(plan.Writes.Select(write => " " + Show(write)))}");
        }

        Assert.Equal(moments, string.Join(" | ", actual));
    }

    [Fact]
    public void New_leader_reads_existing_Events_before_it_writes()
    {
        var script = new EventScript();
        Assert.Equal(["?a1", "?b1"], script.See('a', 'b').Writes.Select(Show));
        script.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(["+c1"], script.See('a', 'b', 'c').Writes.Select(Show));
    }

    /// <summary>For example a Service whose Pods are not ready yet, or a Secret that is created a moment after its Ingress.</summary>
    [Theory]
    [InlineData(DiagnosticCode.ServiceWithoutEndpoints)]
    [InlineData(DiagnosticCode.ServiceNotFound)]
    [InlineData(DiagnosticCode.ServicePortNotFound)]
    [InlineData(DiagnosticCode.TlsSecretNotFound)]
    [InlineData(DiagnosticCode.PolicySecretNotFound)]
    [InlineData(DiagnosticCode.PolicyConfigMapNotFound)]
    [InlineData(DiagnosticCode.IngressClassNotFound)]
    [InlineData(DiagnosticCode.SettingsNotFound)]
    public void Problem_that_another_object_may_resolve_is_reported_after_a_delay(DiagnosticCode code)
    {
        var script = new EventScript();
        script.SeeNothing();
        var problem = EventScript.Problem('a') with { Code = code };
        var plan = script.See(problem);
        Assert.Empty(plan.Writes);
        Assert.Equal(EventScript.Start.AddSeconds(15), plan.NextDue);
        script.Now = plan.NextDue!.Value;
        Assert.Equal(["+a1"], script.See(problem).Writes.Select(Show));
    }

    [Fact]
    public void Event_of_the_previous_leader_is_continued()
    {
        var script = new EventScript { WritesSucceed = false };
        var read = Assert.Single(script.See('a').Writes);
        script.EndWrites(new EventOutcome(read.Key, 57, EventScript.Start.AddMinutes(-20)));
        script.Now = EventScript.Start.AddMinutes(10).AddSeconds(-1);
        Assert.Empty(script.See('a').Writes);
        script.Now = EventScript.Start.AddMinutes(10);
        Assert.Equal(["=a58"], script.See('a').Writes.Select(Show));
    }

    [Fact]
    public void Clock_of_another_replica_that_is_ahead_delays_no_write()
    {
        var script = new EventScript { WritesSucceed = false };
        script.EndWrites(new EventOutcome(Assert.Single(script.See('a').Writes).Key, 2, EventScript.Start.AddHours(5)));
        script.Now = EventScript.Start.AddMinutes(30);
        Assert.Equal(["=a3"], script.See('a').Writes.Select(Show));
    }

    [Fact]
    public void Event_with_a_write_in_flight_is_not_written_again()
    {
        var script = new EventScript { WritesSucceed = false };
        script.SeeNothing();
        var write = Assert.Single(script.See('a').Writes);
        foreach (var problems in new[] { "", "a", "", "a" })
        {
            script.Now += TimeSpan.FromHours(1);
            Assert.DoesNotContain(script.See([.. problems]).Writes, planned => planned.Key.Topic == EventTopic.Problem);
        }

        script.EndWrites(new EventOutcome(write.Key, 1, script.Now));
        script.Now += EventTimes.MinReturnInterval;
        Assert.Equal(["=a3"], script.See('a').Writes.Select(Show));
    }

    [Fact]
    public void Object_gets_ten_Events_by_severity_and_one_for_the_rest()
    {
        var script = new EventScript();
        script.SeeNothing();
        var problems = Enumerable.Range(0, 300).Select(number => EventScript.Problem($"p{number:000}", number >= 290 ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning)).ToArray();
        var writes = script.See(problems).Writes;
        Assert.Equal([.. Enumerable.Range(290, 10).Select(number => $"+p{number}1"), "+MoreProblems1"], writes.Select(Show));
        Assert.Equal("and 290 more when this was first seen; see /api/diagnostics on the controller's admin port", EventText.Note(writes[^1]));

        script.Now += TimeSpan.FromMinutes(5);
        Assert.Empty(script.See(problems).Writes);
        // A problem that is gone still counts for a while, so that an object whose problems keep changing does not get an Event for each.
        Assert.Empty(script.See(problems[..^1]).Writes);
        script.Now += EventTimes.Retention - TimeSpan.FromSeconds(1);
        Assert.Empty(script.See(problems[..^1]).Writes);
        script.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(["+p0001"], script.See(problems[..^1]).Writes.Select(Show));
    }

    [Fact]
    public void Problems_whose_text_keeps_changing_cause_few_Events()
    {
        var script = new EventScript();
        script.SeeNothing();
        var written = 0;
        for (var second = 0; second < 600; second++)
        {
            script.Now = EventScript.Start.AddSeconds(second);
            written += script.See(EventScript.Problem($"p{second:000}", DiagnosticSeverity.Error)).Writes.Length;
        }

        Assert.InRange(written, 11, 11 + 60); // ten problems, and one for the rest
    }

    [Fact]
    public void Recreated_object_gets_new_Events()
    {
        var script = new EventScript();
        script.SeeNothing();
        var first = Assert.Single(script.See('a').Writes);
        script.Uid = "another";
        var second = Assert.Single(script.See('a').Writes);
        Assert.Equal(EventVerb.Create, second.Verb);
        Assert.NotEqual(EventText.NameOf(first.Key), EventText.NameOf(second.Key));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("another", true)]
    [InlineData("uid-1", false)]
    public void No_Event_is_written_about_a_deleted_or_unclaimed_object(string? uid, bool isServed)
    {
        var script = new EventScript();
        script.SeeNothing();
        Assert.Single(script.See('a').Writes);
        (script.Uid, script.IsServed) = (uid, isServed);
        script.Now += TimeSpan.FromMinutes(1);
        Assert.Empty(script.SeeNothing().Writes);
        script.Now += EventTimes.Retention;
        Assert.Empty(script.SeeNothing().State.Objects);
    }

    [Fact]
    public void Writes_without_room_are_planned_again_and_new_Events_come_first()
    {
        var script = new EventScript { Room = 3 };
        script.SeeNothing();
        var plan = script.See('a', 'b', 'c', 'd', 'e');
        Assert.Equal(["+a1", "+b1", "+c1"], plan.Writes.Select(Show));
        Assert.Equal(2, plan.Waiting);
        // A problem that is resolved before it is reported causes no Event.
        plan = script.See('a', 'b', 'c', 'e');
        Assert.Equal(["+e1"], plan.Writes.Select(Show));
        Assert.Equal(0, plan.Waiting);

        script.Now += EventTimes.RefreshInterval;
        Assert.Equal(["+f1", "=a2", "=b2"], script.See('a', 'b', 'c', 'e', 'f').Writes.Select(Show));
        Assert.Equal(["=c2", "=e2"], script.See('a', 'b', 'c', 'e', 'f').Writes.Select(Show));
    }

    [Fact]
    public void Plan_has_the_time_of_the_next_write()
    {
        var script = new EventScript();
        script.SeeNothing();
        Assert.Null(script.SeeNothing().NextDue);
        script.See('a');
        Assert.Equal(EventScript.Start + EventTimes.RefreshInterval, script.See('a').NextDue);
    }

    [Fact]
    public void Plan_without_changes_returns_the_same_state()
    {
        var script = new EventScript();
        script.SeeNothing();
        script.See('a', 'b');
        script.See('a', 'b');
        var before = script.State.Objects;
        script.See('a', 'b');
        Assert.Same(before, script.State.Objects);
    }

    private static string Show(EventWrite write)
    {
        var verb = write.Verb switch { EventVerb.Create => '+', EventVerb.Adopt => '?', _ => '=' };
        return $"{verb}{write.Key.Problem?.Field ?? write.Key.Topic.ToString()}{write.Entry.Count}";
    }
}
