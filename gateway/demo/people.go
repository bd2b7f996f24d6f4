package demo

import (
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// The people are invented. The student of index 0 is the first man of the videos.
var students = []struct {
	name, class string
	boarder     bool
}{
	{"Lin Haoran", "7-1", true}, {"Chen Yutong", "7-1", false}, {"Wang Zihan", "7-1", false},
	{"Zhao Mingxi", "7-1", true},
	{"Liu Xinyi", "7-1", false}, {"Sun Jiahao", "7-1", false}, {"Zhou Ruoxi", "7-1", true},
	{"Wu Haoyu", "7-1", false},
	{"Xu Mengqi", "7-2", false}, {"Ma Tianyu", "7-2", true}, {"Guo Siyuan", "7-2", false},
	{"He Jingwen", "7-2", false},
	{"Gao Yichen", "7-2", true}, {"Luo Zixuan", "7-2", false}, {"Zheng Xiaoyu", "7-2", false},
	{"Liang Boyan", "7-2", false},
	{"Song Yuhan", "8-1", true}, {"Tang Junjie", "8-1", false}, {"Han Shuyan", "8-1", false},
	{"Feng Zeyu", "8-1", true},
	{"Deng Keyi", "8-1", false}, {"Cao Wenhao", "8-1", false}, {"Peng Anqi", "8-1", false},
	{"Zeng Leyi", "8-1", true},
}

var staff = []string{
	"Yang Li (form teacher 7-1)", "Huang Wei (form teacher 7-2)",
	"Hu Jing (form teacher 8-1)", "Zhu Qiang (chemistry)", "Lu Min (dorm)",
	"Ren Tao (canteen)",
}

var guardians = []string{"Lin Jianguo", "Chen Fang", "Wang Lei", "Zhao Yan"}

// Students with a part in the demonstration, by index.
const (
	faceStudent = 0 // enrolled by face
	cardStudent = 2 // no consent: card only
	mealStudent = 1 // eats at the canteen
	dormStudent = 3 // comes to the dorm
)

func number(i int) string { return fmt.Sprintf("2026%03d", i+1) }
func card(i int) string   { return fmt.Sprintf("0004%06d", 711+i*37) }

var users = []struct {
	name, full string
	role       g.Role
}{
	{"admin", "School administrator", g.RoleAdmin},
	{"guard", "Security desk", g.RoleSecurity},
	{"facility", "Facility manager", g.RoleFacility},
	{"teacher", "School office", g.RoleTeacher},
}

// zone is a place of the demo school.
type zone struct {
	key, building, name, zh string
	kind                    g.ZoneKind
}

var buildings = []struct{ key, name, zh string }{
	{"gatehouse", "Gatehouse", "门卫室"}, {"teaching", "Teaching building", "教学楼"},
	{"science", "Science building", "科技楼"},
	{"canteen", "Canteen", "食堂"}, {"dorm", "Dormitory", "宿舍楼"},
}

var zones = []zone{
	{"main-gate", "gatehouse", "Main gate", "正门", g.ZoneGate},
	{"side-gate", "gatehouse", "Side gate", "侧门", g.ZoneGate},
	{"yard", "gatehouse", "Yard", "操场", g.ZoneOutdoor},
	{"library", "teaching", "Library door", "图书馆门口", g.ZoneCorridor},
	{"room-71", "teaching", "Classroom 7-1", "七（1）班教室", g.ZoneClassroom},
	{"room-72", "teaching", "Classroom 7-2", "七（2）班教室", g.ZoneClassroom},
	{"room-81", "teaching", "Classroom 8-1", "八（1）班教室", g.ZoneClassroom},
	{"office", "teaching", "School office", "办公室", g.ZoneOffice},
	{"lab-1", "science", "Chemistry laboratory", "化学实验室", g.ZoneLaboratory},
	{"lab-2", "science", "Physics laboratory", "物理实验室", g.ZoneLaboratory},
	{"canteen", "canteen", "Canteen line", "食堂窗口", g.ZoneCanteen},
	{"kitchen", "canteen", "Kitchen", "厨房", g.ZoneOther},
	{"dorm-door", "dorm", "Dormitory entrance", "宿舍入口", g.ZoneDorm},
	{"dorm-hall", "dorm", "Dormitory hall", "宿舍大厅", g.ZoneCorridor},
}

// name picks the language of what the registry shows.
func (o Options) name(en, zh string) string {
	if o.Language == "zh-CN" {
		return zh
	}
	return en
}
